import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { collectResults } from './collect.ts';
import { type CollectedIndex, indexOf } from './index-json.ts';
import { renderJunit } from './junit.ts';
import { pageData } from './page/data.ts';
import { renderPage } from './page/html.ts';
import { renderSummary } from './summary.ts';

/** Options of `buildReport`. */
export interface ReportOptions {
  /** Folder with `result.json` files at any depth; `run.json` and `mutants.json` in it are optional. */
  readonly resultsDir: string;
  /** Folder for `index.html`, `index.json`, `junit.xml` and `summary.md`; made when missing. */
  readonly outDir: string;
  /** Another place for `mutants.json`. */
  readonly mutantsFile?: string;
  /** Stamp of the report; default now. */
  readonly now?: Date;
}

/** What `buildReport` wrote. */
export interface Report {
  readonly index: CollectedIndex;
  readonly files: {
    readonly html: string;
    readonly json: string;
    readonly junit: string;
    readonly summary: string;
  };
}

/** Builds the report of a results folder. Artefacts are linked where they are, relative to `outDir`. */
export function buildReport(options: ReportOptions): Report {
  const outDir = resolve(options.outDir);
  const collection = collectResults({ ...options, resultsDir: resolve(options.resultsDir) });
  const index = indexOf(collection, outDir, options.now ?? new Date());
  mkdirSync(outDir, { recursive: true });
  const write = (name: string, text: string) => {
    const path = join(outDir, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    index,
    files: {
      html: write('index.html', renderPage(pageData(collection, index))),
      json: write('index.json', `${JSON.stringify(index, null, 2)}\n`),
      junit: write('junit.xml', renderJunit(index)),
      summary: write('summary.md', renderSummary(index)),
    },
  };
}
