import type { ToxicType } from '../toxic-types.ts';
import type { Stub } from './stub.ts';

export type Attributes = Record<string, number>;

/**
 * One kind of toxic. The definition is shared by all connections; whatever a connection needs lives in its stub.
 */
export interface ToxicKind<A extends Attributes = Attributes> {
  readonly type: ToxicType | 'noop';
  /** Every attribute with the value it has when left out. */
  readonly defaults: A;
  /** Chunks that may wait in front of it; default 0, so that the source feels each delay. */
  readonly buffer?: number;
  /** True if connections opened while it exists must end with a RST instead of a FIN. */
  readonly armsReset?: boolean;
  /** Why these attributes cannot be run, or undefined. The real server crashes where this refuses. */
  refuse?(attributes: A): string | undefined;
  /** Moves chunks from the stub's input to its output until the input ended or the stub was interrupted. */
  pipe(stub: Stub, attributes: A): Promise<void>;
  /** Runs on each open connection before the toxic is removed from it. */
  cleanup?(stub: Stub): void;
}
