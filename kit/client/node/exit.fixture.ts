// Run by known-bugs.test.ts as a process of its own: connects, closes at the first event, and lets Node decide when
// there is nothing left to wait for.
import { connect } from './index.ts';

const url = process.argv[2] ?? '';
let closedAt = 0;
const stream = connect(url, {
  retry: { baseMs: 150, maxMs: 300 },
  onEvent: () => {
    closedAt = Date.now();
    void stream.close();
  },
});
process.once('exit', () => process.stdout.write(JSON.stringify({ closedAt, exitedAt: Date.now() })));
