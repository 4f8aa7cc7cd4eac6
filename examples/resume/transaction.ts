// examples/resume/transaction.ts
import type { ClassicLevel } from 'classic-level';
import { connect } from 'sse-reliability-kit/client/node';

export interface Payment {
  readonly account: string;
  readonly amount: number;
}

/** Adds payments up. The sums and the cursor change in one batch: both or neither, whatever happens. */
export async function followPayments(url: string, db: ClassicLevel<string, string>) {
  const stream = connect<{ payment: Payment }>(url, {
    name: 'payments',
    from: (await db.get('cursor')) ?? null,
    commit: 'manual',
    handlerFailure: { attempts: 5, otherwise: 'stop' },
    async onEvent(event) {
      const { account, amount } = event.data;
      const sum = Number((await db.get(`sum:${account}`)) ?? 0) + amount;
      const id = event.id ?? '';
      await db.batch([
        { type: 'put', key: `sum:${account}`, value: String(sum) },
        { type: 'put', key: 'cursor', value: id },
      ]);
      stream.commit(id); // a reconnect now goes on from here
    },
  });
  return stream;
}
