import type { HistoryRecord } from '../history/types.ts';
import type { Simulated } from './simulate.ts';

/** How often something was there and how often it came to something. */
export interface Bites {
  readonly planned: number;
  readonly fired: number;
}

/** What a campaign went through: a quiet simulation may be a blind one. */
export class Coverage {
  readonly #faults = new Map<string, { planned: number; fired: number }>();
  readonly #seen = new Map<string, number>();
  readonly #checks = new Map<string, number>();

  add({ firings, history, verdict }: Simulated): void {
    for (const [step, fired] of firings) {
      const bites = this.#faults.get(step.do) ?? { planned: 0, fired: 0 };
      this.#faults.set(step.do, { planned: bites.planned + 1, fired: bites.fired + (fired ? 1 : 0) });
    }
    for (const what of new Set(history.map(whatOf))) if (what) count(this.#seen, what);
    for (const [name, { applied }] of Object.entries(verdict.checks)) if (applied) count(this.#checks, name);
  }

  /** By kind of fault. */
  get faults(): Readonly<Record<string, Bites>> {
    return sorted(this.#faults);
  }

  /** In how many schedules each thing was seen that client or server can go through. */
  get seen(): Readonly<Record<string, number>> {
    return sorted(this.#seen);
  }

  /** In how many schedules each check of the oracle found something to judge. */
  get checks(): Readonly<Record<string, number>> {
    return sorted(this.#checks);
  }
}

/** What a record says of the states and paths that were reached; `null` for what every run has. */
function whatOf(record: HistoryRecord): string | null {
  switch (record.kind) {
    case 'close':
      return `close: ${record.cause}`;
    case 'liveness':
      return `liveness: ${record.cause}`;
    case 'announced':
      return `announced: ${record.what} ${record.reason}`;
    case 'open':
      return `open: ${record.resume ?? 'unknown'}`;
    case 'out-of-order':
      return `out of order: ${record.policy}`;
    case 'dead-letter':
      return `dead letter: ${record.reason}`;
    case 'connection':
      return record.reason === undefined ? null : `server ended: ${record.reason}`;
    case 'deduped':
      return 'duplicate recognised';
    case 'processed':
      return record.redelivery ? 'redelivery flagged' : null;
    case 'state':
      return `state: ${record.state}`;
    default:
      return null;
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
