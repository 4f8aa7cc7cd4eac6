import { InvalidArgumentError } from 'commander';
import { quote } from '../../kit/protocol/index.ts';

/** Reads a whole number of at least `least`, for commander. @throws InvalidArgumentError */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${least}, got ${quote(text)}.`);
  };
}

/** Adds up an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
