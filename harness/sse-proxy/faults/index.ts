import type { FaultDefinition, FaultOptions } from '../types.ts';
import { cut } from './cut.ts';
import { noop } from './noop.ts';

/** The catalogue. A new fault is one file and one line here. */
const catalogue = { noop, cut };

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
