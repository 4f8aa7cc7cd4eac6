import { type Scenario, scenarios } from '../scenarios/index.ts';
import type { Capability } from '../subjects/types.ts';
import { fairly } from './fair.ts';
import acceptThenClose from './neutral/accept-then-close.ts';
import halfOpen from './neutral/half-open.ts';
import idOnlyCheckpoint from './neutral/id-only-checkpoint.ts';
import refusedThenUp from './neutral/refused-then-up.ts';
import retry0 from './neutral/retry-0.ts';
import wrongType from './neutral/wrong-type.ts';

/**
 * Scenarios that wait for something only the kit's client reports, told so that any client can take part. They stand
 * in for those of the catalogue with the same id.
 */
const NEUTRAL: readonly Scenario[] = [
  acceptThenClose,
  halfOpen,
  idOnlyCheckpoint,
  refusedThenUp,
  retry0,
  wrongType,
];

/** Needs of the catalogue that come from the kit's own budgets and not from what happens in the scenario. */
const NEEDS: Readonly<Record<string, readonly Capability[]>> = {
  'disconnect/flapping': ['connect', 'resume'],
  'disconnect/truncate-every-n': ['connect', 'resume'],
};

/** What the board shows of the catalogue for clients, by id; what tells most comes first. */
const FOR_CLIENTS = [
  'connect/baseline',
  'disconnect/cut-after-id-line',
  'disconnect/fin-mid-event',
  'disconnect/true-rst',
  'disconnect/before-first-event',
  'resume/inside-buffer',
  'connect/wrong-type',
  'overload/retry-0',
  'connect/refused-then-up',
  'disconnect/truncate-every-n',
  'liveness/half-open',
  'dedupe/duplicate',
  'resume/evicted',
  'order/silent-hole',
  'resume/cut-during-replay',
  'connect/accept-then-close',
  'disconnect/cut-mid-utf8',
  'disconnect/flapping',
  'liveness/short-stall',
  'order/jitter',
  'connect/slow-first-byte',
  'disconnect/fin-between-events',
  'disconnect/slow-close',
  'resume/phantom-resend',
  'resume/id-only-checkpoint',
  'resume/empty-id-resets',
] as const;

/**
 * For servers, whether the scenario cuts the stream while there are events to miss: then it says something only about
 * a server that claims to replay.
 */
const FOR_SERVERS: Readonly<Record<string, 'cuts' | 'uncut'>> = {
  'connect/baseline': 'uncut',
  'connect/slow-first-byte': 'uncut',
  'order/jitter': 'uncut',
  'liveness/short-stall': 'uncut',
  'liveness/half-open': 'cuts',
  'disconnect/fin-between-events': 'cuts',
  'disconnect/fin-mid-event': 'cuts',
  'disconnect/true-rst': 'cuts',
  'disconnect/truncate-every-n': 'cuts',
  'resume/inside-buffer': 'cuts',
  'resume/cut-during-replay': 'cuts',
  'resume/evicted': 'cuts',
};

/** Scenarios for a client of other people, against a server of the kit. */
export function clientBoard(subject: string): readonly Scenario[] {
  return FOR_CLIENTS.flatMap((id) => {
    const found = find(id);
    return found ? [fairly(found, subject, NEEDS[id] ?? found.needs)] : [];
  });
}

/** Scenarios for a server of other people, read by the kit's client under the name `subject`. */
export function serverBoard(subject: string): readonly Scenario[] {
  return Object.entries(FOR_SERVERS).flatMap(([id, kind]) => {
    const found = find(id);
    if (!found) return [];
    const needs =
      kind === 'cuts' && !found.needs.includes('replay') ? [...found.needs, 'replay' as const] : found.needs;
    return [fairly(found, subject, needs)];
  });
}

function find(id: string): Scenario | undefined {
  const byId = (each: Scenario) => each.id === id;
  return NEUTRAL.find(byId) ?? scenarios.find(byId);
}
