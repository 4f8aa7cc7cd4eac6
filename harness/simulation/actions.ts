import type { Client } from './client.ts';
import type { FaultLife } from './recorder.ts';
import type { Run } from './run.ts';
import type { Step } from './schedule.ts';

type Act<Kind extends Step['do']> = (run: Run, step: Extract<Step, { do: Kind }>, fault: FaultLife) => void;

/** What each kind of step does. Where it finds nothing to do it does nothing, and its fault is noted as not fired. */
const ACTIONS: { readonly [Kind in Step['do']]: Act<Kind> } = {
  publish({ server }, { count, bytes }) {
    for (let n = 0; n < count; n++) void server.publish(bytes);
  },

  reconnect(run, step) {
    withAwake(run, step, (client) => client.handle?.reconnect());
  },

  cut(run, step, fault) {
    withAwake(run, step, ({ path }) => path.link?.cutLater(step, fault));
  },

  vanish(run, step, fault) {
    withAwake(run, step, ({ path, name }) => {
      if (!path.link) return;
      path.link.vanish();
      fault.fired({ subject: name, connection: path.link.id });
    });
  },

  hold(run, step, fault) {
    withAwake(run, step, ({ path, name }) => {
      const { link } = path;
      if (!link) return;
      link.hold();
      fault.fired({ subject: name, connection: link.id, ms: step.ms });
      run.lasts(step.ms, () => link.release());
    });
  },

  refuse(run, { ms }, fault) {
    run.network.refusing.add(fault);
    run.lasts(ms, () => run.network.refusing.delete(fault));
  },

  swallow(run, { ms }, fault) {
    run.network.swallowing.add(fault);
    run.lasts(ms, () => run.network.swallowing.delete(fault));
  },

  answer({ network }, step, fault) {
    network.answerInstead(step, fault);
  },

  frames({ clients }, step, fault) {
    clients[step.client]?.path.frames.arm(step, fault);
  },

  kill(run, step, fault) {
    const { server, network } = run;
    if (!server.die()) return;
    fault.fired({ connections: network.serverDies(step.how), keeps: step.keeps });
    run.lasts(step.ms, () => server.start(step.keeps));
  },

  drain(run, step, fault) {
    const { server, network, clock } = run;
    if (!server.isUp) return;
    run.lastsUntil((done) => {
      void server.drain(step.withinMs).then((connections) => {
        if (connections === null) {
          done();
          return;
        }
        fault.fired({ connections, keeps: step.keeps });
        network.serverDies('reset');
        clock.setTimeout(() => {
          server.start(step.keeps);
          done();
        }, step.ms);
      });
    });
  },

  crash(run, step, fault) {
    withAwake(run, step, (client) =>
      client.crashLater(step, fault, () => run.lasts(step.ms, () => client.start())),
    );
  },

  sleep(run, step, fault) {
    withAwake(run, step, (client) => {
      const { name } = client;
      const { recorder } = run;
      const { link } = client.path;
      client.sleep();
      fault.fired({ subject: name, ms: step.ms, connection: link ? step.connection : 'none' });
      recorder.write({ kind: 'state', subject: name, state: 'frozen', cause: 'asleep' });
      if (step.connection === 'lost') link?.vanish();
      if (step.connection === 'reset') link?.reset();
      run.lasts(step.ms, () => {
        recorder.write({ kind: 'state', subject: name, state: 'awake', cause: 'woken' });
        client.wake(step.clock, step.told);
      });
    });
  },

  offline(run, step, fault) {
    withAwake(run, step, (client) => {
      const { path, name } = client;
      if (!path.online) return;
      path.online = false;
      path.offlineLife = fault;
      const { link } = path;
      link?.vanish();
      if (link) fault.fired({ subject: name, connection: link.id });
      client.signal('offline');
      run.lasts(step.ms, () => {
        path.online = true;
        client.signal('online');
      });
    });
  },

  suspend(run, step, fault) {
    withAwake(run, step, (client) => {
      client.signal('suspend');
      fault.fired({ subject: client.name, ms: step.ms });
      run.lasts(step.ms, () => client.signal('restore'));
    });
  },

  jump(run, step, fault) {
    withAwake(run, step, ({ name, machine }) => {
      machine?.jumpWall(step.ms);
      fault.fired({ subject: name, ms: step.ms });
    });
  },
};

/** Makes a step happen, now. */
export function act(run: Run, step: Step): void {
  const action = ACTIONS[step.do] as Act<typeof step.do>;
  action(run, step as never, run.recorder.fault(step));
}

export function isStepKind(kind: unknown): kind is Step['do'] {
  return typeof kind === 'string' && Object.hasOwn(ACTIONS, kind);
}

/** Nothing happens to a client that is not there or asleep. */
function withAwake(run: Run, { client }: { readonly client: number }, then: (client: Client) => void): void {
  const found = run.clients[client];
  if (found?.isRunning && !found.path.asleep) then(found);
}
