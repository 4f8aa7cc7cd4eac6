// Child process of file-cursor-store.test.ts: saves as fast as it can and says which saves were acknowledged.
import { fileCursorStore } from './file-cursor-store.ts';

const store = fileCursorStore({ path: process.argv[2] ?? '', fsync: false });
for (let n = 0; n < 5_000 && process.connected; n++) {
  await store.save('a', { cursor: `epoch123.${n}`, dedupe: [] });
  process.send?.(n);
}
