// examples/node-worker/main.ts
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// `worker.js` is what the compiler makes of worker.ts, beside this file.
const worker = new Worker(new URL('./worker.js', import.meta.url), {
  workerData: { url: process.env.DOCUMENTS_URL, cursors: process.env.CURSORS ?? './state/cursors.json' },
});
worker.on('message', ({ id, sum }) => console.log(id, sum));

process.once('SIGTERM', async () => {
  worker.postMessage('close');
  await once(worker, 'exit');
});
