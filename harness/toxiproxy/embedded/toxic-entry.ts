import type { ToxicState, ToxicStream } from '../toxic-types.ts';
import type { Attributes, ToxicKind } from './toxic-kind.ts';

/** A toxic of one proxy, shared by its connections; PATCH changes it in place. */
export interface ToxicEntry {
  readonly name: string;
  readonly stream: ToxicStream;
  readonly kind: ToxicKind;
  readonly attributes: Attributes;
  toxicity: number;
}

/** The toxic as the API shows it. */
export function describeToxic(toxic: ToxicEntry): Omit<ToxicState, 'type'> & { type: string } {
  const { name, stream, toxicity, attributes } = toxic;
  return { attributes: { ...attributes }, name, type: toxic.kind.type, stream, toxicity };
}
