import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** One fenced block of code. */
interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** The file that its first line names. */
  readonly file: string | undefined;
}

const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name))
    .toSorted();

const pages = ['.', 'docs', 'docs/guides'].flatMap((folder) => filesIn(folder, /\.md$/));
const guides = pages.filter((page) => page.startsWith('docs/guides/'));

function blocksOf(page: string): Block[] {
  const text = read(page);
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: code = '', index }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    language,
    code,
    file: /^\/\/ (examples\/\S+)\n/.exec(code)?.[1],
  }));
}

const CODE = ['ts', 'tsx', 'js', 'typescript', 'javascript'];
const blocks = pages.flatMap(blocksOf).filter(({ language }) => CODE.includes(language));
const inGuides = blocks.filter(({ page }) => guides.includes(page));

describe('the guides', () => {
  it.each(inGuides)('$page:$line names the file that it shows', ({ file }) => {
    expect(file, 'the first line must be `// examples/…`').toBeDefined();
  });

  it.each(blocks.filter(({ file }) => file))('$page:$line shows $file as it is', ({ code, file = '' }) => {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    expect(code).toBe(read(file));
  });

  it.each(blocks.filter(({ file }) => file))('$file is run by a test beside it', ({ file = '' }) => {
    const tests = filesIn(dirname(file), /\.test\.tsx?$/);
    expect(tests.filter((test) => read(test).includes(basename(file)))).not.toEqual([]);
  });

  it('are each a page with an example', () => {
    expect(guides.length).toBeGreaterThan(0);
    expect([...new Set(inGuides.map(({ page }) => page))].toSorted()).toEqual(guides);
  });
});

describe('links in the pages', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(({ 1: target = '' }) => ({ page, target })),
  );

  it.each(links.filter(({ target }) => !/^[a-z]+:/.test(target)))('$page -> $target', ({ page, target }) => {
    const path = relative(ROOT, join(ROOT, dirname(page), target));
    expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});

describe('the package by its name', () => {
  const { exports } = JSON.parse(read('package.json')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  const { paths } = (
    JSON.parse(read('tsconfig.json').replace(/^\s*\/\/.*$/gm, '')) as {
      readonly compilerOptions: { readonly paths: Readonly<Record<string, readonly string[]>> };
    }
  ).compilerOptions;

  it('means the sources of what package.json exports, in tests and type checks', () => {
    const sources = Object.entries(exports).flatMap(([name, target]) =>
      typeof target === 'string'
        ? []
        : [
            [
              name.replace('.', 'sse-reliability-kit'),
              [target.default.replace('./dist/', './').replace(/\.js$/, '.ts')],
            ],
          ],
    );
    expect(paths).toEqual(Object.fromEntries(sources));
  });
});
