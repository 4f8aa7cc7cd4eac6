// examples/other-frameworks/next-route.ts
import { createEventStream } from 'sse-reliability-kit/server';
import { webHandler } from 'sse-reliability-kit/web';

export const orders = createEventStream({ name: 'orders' });

// app/orders/events/route.ts exports these; the runtime has to be one that can hold a response open.
export const GET = webHandler(orders);
export const HEAD = GET;
export const OPTIONS = GET;
