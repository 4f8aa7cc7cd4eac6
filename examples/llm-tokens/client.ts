// examples/llm-tokens/client.ts
import { connect } from 'sse-reliability-kit/client';

export async function ask(url: string, prompt: string, show: (token: string) => void): Promise<void> {
  const stream = connect<{ token: string; failed: string }>(`${url}/generations/${crypto.randomUUID()}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ prompt }),
    format: 'text', // tokens that look like JSON stay text
    retry: { preset: 'aggressive', maxElapsedMs: 60_000 },
    onEvent(event) {
      if (event.type === 'failed') throw new Error(`the model failed: ${event.data}`);
      show(event.data);
    },
    handlerFailure: { otherwise: 'stop' },
  });
  const reason = await stream.closed; // `complete` after the last token
  if (reason.type === 'failed') throw reason.error;
  if (reason.type !== 'complete') throw new Error(`the answer is not whole: ${reason.type}`);
}
