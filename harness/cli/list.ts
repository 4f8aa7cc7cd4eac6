import type { Command } from 'commander';
import { type Scenario, scenarios } from '../scenarios/index.ts';
import { collect } from './arguments.ts';
import type { CliHost } from './host.ts';
import { paint } from './paint.ts';
import { selectScenarios } from './select.ts';

/** `sse-kit scenarios`: the catalogue, by stable id. */
export function addScenarios(program: Command, host: CliHost): void {
  program
    .command('scenarios')
    .description('show the catalogue of scenarios')
    .option('--list', 'one line for each: id, tags, title (the default)')
    .option('--tag <tag>', 'only those with the tag; may be repeated', collect, [])
    .option('--json', 'as a JSON array, with hypothesis, faults, needs and budget')
    .action(({ tag, json }: { tag: readonly string[]; json?: true }) => {
      const wanted = selectScenarios(scenarios, { ids: [], tags: tag, all: tag.length === 0 });
      host.out(json ? `${JSON.stringify(wanted.map(describe), null, 2)}\n` : table(wanted, host.colour));
    });
}

/** A scenario without its code. */
function describe(scenario: Scenario) {
  const { id, title, tags, hypothesis, steadyState, guarantee, budget, needs, faults } = scenario;
  return { id, title, tags, hypothesis, steadyState, guarantee, budget, needs, faults };
}

function table(wanted: readonly Scenario[], colour: boolean): string {
  const { strong, faint } = paint(colour);
  const width = Math.max(0, ...wanted.map(({ id }) => id.length));
  return wanted
    .map(({ id, tags, title }) => {
      const more = tags.slice(1).map((tag) => ` @${tag}`);
      return `${strong(id.padEnd(width))}  ${title}${faint(more.join(''))}\n`;
    })
    .join('');
}
