// examples/react/orders.tsx
import { useState } from 'react';
import { useStream } from './use-stream.ts';

export interface Order {
  readonly id: number;
  readonly item: string;
}

export function Orders({ url }: { readonly url: string }) {
  const [orders, setOrders] = useState<readonly Order[]>([]);
  const state = useStream<{ order: Order }>(url, (event) => setOrders((known) => [...known, event.data]));
  return (
    <section aria-busy={state !== 'open'}>
      <p role="status">{state === 'open' ? 'live' : 'connecting …'}</p>
      <ul>
        {orders.map(({ id, item }) => (
          <li key={id}>{item}</li>
        ))}
      </ul>
    </section>
  );
}
