import { relative } from 'node:path';
import { styleText } from 'node:util';

/** The colours of the command line, by meaning. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  doubtful(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}

type Format = Parameters<typeof styleText>[0];

/** @param colour without it every text stays as it is. */
export function paint(colour: boolean): Paint {
  // The decision is the caller's alone: styleText of newer Nodes would look at stdout by itself.
  const as = (format: Format) => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: as('green'),
    bad: as('red'),
    doubtful: as('yellow'),
    faint: as('dim'),
    strong: as('bold'),
  };
}

/**
 * Whether a stream shows colours: FORCE_COLOR (not 0) and NO_COLOR decide where they are set, else the terminal.
 * @see https://no-color.org
 */
export function showsColour(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** A path as a person would type it here: relative where it lies below. */
export function shown(path: string): string {
  const below = relative('', path);
  return below.startsWith('..') ? path : below;
}
