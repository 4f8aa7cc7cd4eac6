import type { ToxicKind } from '../toxic-kind.ts';
import { bandwidth } from './bandwidth.ts';
import { latency } from './latency.ts';
import { limitData } from './limit-data.ts';
import { resetPeer } from './reset-peer.ts';
import { slicer } from './slicer.ts';
import { slowClose } from './slow-close.ts';
import { timeout } from './timeout.ts';

const kinds: readonly ToxicKind[] = [latency, bandwidth, slowClose, timeout, resetPeer, slicer, limitData];

/** Every toxic by the name that the API uses. */
export const toxicKinds: ReadonlyMap<string, ToxicKind> = new Map(kinds.map((kind) => [kind.type, kind]));
