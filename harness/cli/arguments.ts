import { InvalidArgumentError } from 'commander';
import { quote } from '../../kit/protocol/index.ts';

/** Reads a whole number of at least `least` and at most `most`, for commander. @throws InvalidArgumentError */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const limit = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
    throw new InvalidArgumentError(
      `It must be a whole number of at least ${least}${limit}, got ${quote(text)}.`,
    );
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Reads a duration such as `500ms`, `20s`, `2m` or `1h`, for commander. @returns milliseconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? 0);
  // No timer waits for longer than 2^31-1 ms.
  if (ms >= 1 && ms < 2 ** 31) return Math.round(ms);
  throw new InvalidArgumentError(`It must be a duration such as 500ms, 20s, 2m or 1h, got ${quote(text)}.`);
}

/** Adds up an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
