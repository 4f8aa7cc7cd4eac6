import type { FaultDefinition, FaultOptions } from '../types.ts';
import { acceptThenClose } from './accept-then-close.ts';
import { badChunking } from './bad-chunking.ts';
import { blackHole } from './black-hole.ts';
import { bom } from './bom.ts';
import { buffering } from './buffering.ts';
import { byteScript } from './byte-script.ts';
import { compress } from './compress.ts';
import { cut } from './cut.ts';
import { cutEvent } from './cut-event.ts';
import { drop } from './drop.ts';
import { duplicate } from './duplicate.ts';
import { emptyId } from './empty-id.ts';
import { halfOpen } from './half-open.ts';
import { headers } from './headers.ts';
import { heartbeatsOnly } from './heartbeats-only.ts';
import { hostileId } from './hostile-id.ts';
import { idleCut } from './idle-cut.ts';
import { insert } from './insert.ts';
import { lifetimeCut } from './lifetime-cut.ts';
import { malformedJson } from './malformed-json.ts';
import { newlines } from './newlines.ts';
import { nonAsciiId } from './non-ascii-id.ts';
import { noop } from './noop.ts';
import { oversizedEvent } from './oversized-event.ts';
import { phantomResend } from './phantom-resend.ts';
import { rechunk } from './rechunk.ts';
import { redirect } from './redirect.ts';
import { replaceId } from './replace-id.ts';
import { retry } from './retry.ts';
import { rewind } from './rewind.ts';
import { sameIdNewPayload } from './same-id-new-payload.ts';
import { slowFirstByte } from './slow-first-byte.ts';
import { status } from './status.ts';
import { stripId } from './strip-id.ts';
import { swap } from './swap.ts';
import { tailLoss } from './tail-loss.ts';
import { trickle } from './trickle.ts';
import { wrongType } from './wrong-type.ts';

/** The catalogue. A new fault is one file and one line here. */
const catalogue = {
  noop,
  cut,
  'cut-event': cutEvent,
  'half-open': halfOpen,
  'idle-cut': idleCut,
  'lifetime-cut': lifetimeCut,
  'accept-then-close': acceptThenClose,
  'phantom-resend': phantomResend,
  status,
  redirect,
  'wrong-type': wrongType,
  headers,
  'black-hole': blackHole,
  'slow-first-byte': slowFirstByte,
  'byte-script': byteScript,
  duplicate,
  swap,
  rewind,
  drop,
  'tail-loss': tailLoss,
  'heartbeats-only': heartbeatsOnly,
  'same-id-new-payload': sameIdNewPayload,
  'strip-id': stripId,
  'empty-id': emptyId,
  'replace-id': replaceId,
  'non-ascii-id': nonAsciiId,
  'hostile-id': hostileId,
  insert,
  retry,
  'malformed-json': malformedJson,
  'oversized-event': oversizedEvent,
  buffering,
  trickle,
  rechunk,
  'bad-chunking': badChunking,
  compress,
  newlines,
  bom,
};

type Catalogue = typeof catalogue;
type ParamsOf<D> = D extends FaultDefinition<infer P> ? P : never;

export type FaultName = keyof Catalogue;

/** A fault to be armed, as plain data: its name, its parameters, and trigger, filter, times. */
export type FaultSpec = {
  [K in FaultName]: { readonly name: K } & ParamsOf<Catalogue[K]> & FaultOptions;
}[FaultName];

/** A fault as `--list` shows it. */
export interface FaultListing {
  readonly name: string;
  readonly summary: string;
  readonly params: Readonly<Record<string, string>>;
}

const all = Object.values(catalogue) as unknown as readonly FaultDefinition<Record<string, never>>[];

/** The definition with that name; `undefined` when there is none. */
export function findFault(name: string): FaultDefinition<object> | undefined {
  return all.find((definition) => definition.name === name) as FaultDefinition<object> | undefined;
}

/** Name, summary and parameters of every fault, in the order of the catalogue. */
export function listFaults(): FaultListing[] {
  return all.map(({ name, summary, params }) => ({ name, summary, params }));
}
