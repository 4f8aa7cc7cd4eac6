import type { Look } from './look.ts';

/** Something a server lacks, and what to do about it. */
export interface Advice {
  readonly lacks: string;
  readonly change: string;
}

/** What a check that is false says of a server whose client is known to be right. */
const BY_CHECK: Readonly<Record<string, Advice>> = {
  loss: {
    lacks: 'What it sent while a client was away never came, and nobody was told.',
    change:
      'Answer a request with Last-Event-ID with everything after that id, or say that it cannot be had (an event of its own).',
  },
  resume: {
    lacks: 'It does not go on exactly after the id that it is asked for.',
    change:
      'The first event of the answer is the one after Last-Event-ID: neither that one again, nor the next but one.',
  },
  'wire-duplicates': {
    lacks: 'It sends again what a client had.',
    change: 'Begin after Last-Event-ID; what is replayed and what is live must meet without an overlap.',
  },
  duplicates: {
    lacks: 'An event came again under the same id after so many others that nobody remembered it.',
    change: 'Begin after Last-Event-ID, whatever it is.',
  },
  order: {
    lacks: 'Events do not come in one order on all connections.',
    change: 'Send what is missing first, and what is new only after it.',
  },
  corruption: {
    lacks: 'One id stands for events of different content.',
    change: 'Give each event an id that no other ever gets, the same on all connections.',
  },
  unexpected: {
    lacks: 'It sent events to one client that another, connected at the same time, was not sent.',
    change:
      'Send all readers of a URL the same events under the same ids, and no older ones than they ask for.',
  },
  'wire-holes': {
    lacks: 'It left events out on a connection without a word.',
    change: 'Write `stream.cannot-resume` where events cannot be had any more (PROTOCOL.md).',
  },
};

const NO_IDS: Advice = {
  lacks: 'Its events have no id: nobody can resume, and what is lost or repeated cannot be told.',
  change: 'Write an `id:` line with each event that names its place in the stream, the same for all readers.',
};

/** Checks that say again what the first says already. */
const SAID_BY: Readonly<Record<string, readonly string[]>> = {
  resume: ['wire-duplicates'],
  'wire-holes': ['loss'],
  order: ['unexpected'],
};

/** What to tell the owner of a server; empty when nothing was found. @param broken checks that are false in any scenario. */
export function adviceOn(look: Pick<Look, 'named'>, broken: readonly string[]): readonly Advice[] {
  const said = (check: string) => SAID_BY[check]?.some((by) => broken.includes(by)) ?? false;
  return [
    ...(look.named === 0 ? [NO_IDS] : []),
    ...Object.entries(BY_CHECK).flatMap(([check, advice]) =>
      broken.includes(check) && !said(check) ? [advice] : [],
    ),
  ];
}
