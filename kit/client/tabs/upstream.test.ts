import { expect, it } from 'vitest';
import { encodeCannotResume, encodeStreamOpen } from '../../protocol/control.ts';
import { memoryNetwork, VirtualClock } from '../../testing/index.ts';
import { browserPorts } from '../connect.ts';
import { noLifecycle } from '../lifecycle.ts';
import type { Item } from './messages.ts';
import { createRelayedBody } from './relayed-response.ts';
import { openUpstream } from './upstream.ts';

it('passes on nothing that a tab could not write again, says so, and goes on', async () => {
  const at = (seq: number) => ({ epoch: 'epoch-0001', seq });
  const hello = { stream: 's', epoch: 'epoch-0001', head: 0, oldest: 1, heartbeatMs: 0, connection: 'c' };
  const loss = { reason: 'expired', requested: null, missed: 2 } as const;
  const clock = new VirtualClock();
  const { transport } = memoryNetwork((exchange) =>
    exchange.write(
      encodeStreamOpen({ ...hello, resume: 'fresh', protocol: 1 }, at(0)) +
        'event: stream.\0\ndata: x\n\n' +
        'event: \0\nid: epoch-0001.1\ndata: x\n\n' +
        encodeCannotResume({ ...loss, from: 'epoch-0001.2\nid: forged' }, at(2)) +
        'id: epoch-0001.3\ndata: 3\n\n',
    ),
  );
  const items: Item[] = [];
  const errors: unknown[] = [];
  const upstream = openUpstream(
    {
      url: 'http://server/',
      request: {},
      ports: {
        ...browserPorts(),
        clock,
        transport,
        lifecycle: noLifecycle,
        reportError: (e) => errors.push(e),
      },
      name: 's',
    },
    null,
    {
      item: (item) => items.push(item),
      opened: () => undefined,
      down: () => undefined,
      over: () => undefined,
    },
  );
  await clock.advance(0);
  const body = createRelayedBody(null, 10_000, () => undefined);
  for (const item of items) expect(() => body.item(item)).not.toThrow();
  expect(items).toEqual([{ kind: 'event', type: 'message', id: 'epoch-0001.3', raw: '3' }]);
  expect(errors).toMatchObject(Array(2).fill({ code: 'ERR_CONTROL_CHARACTER' }));
  upstream.close();
});
