// examples/node-worker/worker.ts
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { connect, fileCursorStore } from 'sse-reliability-kit/client/node';

const { url, cursors } = workerData as { url: string; cursors: string };

const stream = connect<{ document: string }>(url, {
  name: 'documents',
  store: fileCursorStore({ path: cursors }),
  onEvent(event) {
    // Work that would hold up the main thread: here it holds up only this stream, and the server waits.
    const sum = createHash('sha256').update(event.data).digest('hex');
    parentPort?.postMessage({ id: event.id, sum });
  },
  onGiveUp: ({ failure }) => {
    throw new Error(`documents: ${failure.message}`); // an `error` event of the Worker
  },
});

parentPort?.once('message', async () => {
  await stream.close();
  parentPort?.close(); // nothing is left, so the thread ends
});
