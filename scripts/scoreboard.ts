import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { CollectedIndex } from '../harness/report/index-json.ts';
import { intoSection, renderScoreboard } from './scoreboard/render.ts';

/**
 * Writes the scoreboard of the last `npx playwright test --project=peers` from the report's `index.json`:
 * `node --import tsx scripts/scoreboard.ts [--index <file>] [--out <file>] [--into <file>]`.
 * With `--into` it also replaces what stands between the markers of that file, for example the README.
 */
const { values } = parseArgs({
  options: {
    index: { type: 'string', default: 'reports/peers/report/index.json' },
    out: { type: 'string', default: 'docs/scoreboard.md' },
    into: { type: 'string' },
  },
});

const index = JSON.parse(readFileSync(values.index, 'utf8')) as CollectedIndex;
const markdown = renderScoreboard(index);
writeFileSync(values.out, markdown);
console.log(`wrote ${values.out}`);
if (values.into !== undefined) {
  writeFileSync(values.into, intoSection(readFileSync(values.into, 'utf8'), markdown));
  console.log(`wrote the marked section of ${values.into}`);
}
