// examples/resume/snapshot.ts
import { connect, fileCursorStore } from 'sse-reliability-kit/client/node';

export interface Stock {
  readonly item: string;
  readonly count: number;
}

export function mirrorStock(url: string, stock: Map<string, number>) {
  return connect<{ stock: Stock }>(`${url}/events`, {
    name: 'stock',
    store: fileCursorStore({ path: './state/cursors.json' }),
    onEvent: ({ data }) => stock.set(data.item, data.count),
    async cannotResume(loss) {
      console.warn(`${loss.missed ?? 'an unknown number of'} changes are lost (${loss.reason}), loading all`);
      const response = await fetch(`${url}/stock`);
      const snapshot = (await response.json()) as { position: string; stock: Stock[] };
      stock.clear();
      for (const { item, count } of snapshot.stock) stock.set(item, count);
      return { cursor: snapshot.position }; // go on from where the snapshot stands
    },
  });
}
