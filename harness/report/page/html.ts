import type { CollectedIndex } from '../index-json.ts';
import { drawTimeline } from '../timeline/draw.ts';
import { reportApp } from './app.ts';
import { pageCss } from './css.ts';
import type { PageData } from './data.ts';
import { problemList } from './problems.ts';
import { reportSections } from './sections.ts';
import { timelineView } from './timeline-view.ts';

/** Renders the report: one HTML file that needs no network and no server. */
export function renderPage(data: PageData): string {
  const { index } = data;
  const { counts } = index;
  const facts: readonly (readonly [string, string])[] = [
    ['Network', index.engine],
    ['Browsers', index.browsers.join(', ') || 'none'],
    ['Seed', index.seed || 'none'],
    ['Made', index.generatedAt],
    ...Object.entries(index.environment),
  ];
  const chip = (name: keyof typeof counts, sign: string) =>
    `<li><label class="${name}"><input type="checkbox" name="verdict" value="${name}" checked> <span aria-hidden="true">${sign}</span> <b>${counts[name]}</b> ${name}</label></li>`;
  const card = (id: string, title: string, note: string) =>
    `<section class="card" id="${id}" hidden><h2>${title}</h2><p class="soft">${note}</p></section>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>SSE reliability report: ${index.gating.passed} passed, ${index.gating.failed} failed, ${index.gating.unknown} unknown</title>
<link rel="icon" href="data:,">
<style>${pageCss}</style>
</head>
<body>
<div class="top">
<div>
<h1>SSE reliability report</h1>
${gateLine(index)}
<dl class="facts">${facts.map(([name, value]) => `<div><dt>${html(name)}</dt><dd>${html(value)}</dd></div>`).join('')}</dl>
</div>
<button type="button" id="theme" aria-label="Switch between light and dark">◐</button>
</div>
<main>
<form onsubmit="return false" aria-label="Filters">
<ul class="counts">${chip('passed', '✓')}${chip('failed', '✗')}${chip('unknown', '?')}${chip('absent', '–')}</ul>
<div class="filters">
<input type="search" id="filter-text" placeholder="Filter by scenario, subject, server, reason" aria-label="Filter by text" autocomplete="off">
<select id="filter-group" aria-label="Group"><option value="">all groups</option></select>
<select id="filter-kind" aria-label="Kind of subject"><option value="">kit and peers</option><option value="kit">kit</option><option value="peer">peers</option></select>
<span class="soft" id="shown" role="status"></span>
</div>
</form>
<div class="overview">
<div class="sheet" tabindex="-1"><table id="matrix" role="grid" aria-label="Verdict by scenario and subject"></table></div>
<section id="problems" hidden aria-label="What is not true"></section>
</div>
<p class="soft">Arrow keys move in the matrix, Enter opens a run, Escape closes it.</p>
${card('broken', 'Unreadable results', 'These files should have been results. They count as nothing.')}
${card('absent', 'Absent', 'Subjects that did not take part, and why.')}
${card('findings', 'Findings', 'What was written down, and what was seen instead.')}
${card('scoreboard', 'Scoreboard', "Other people's software under the same faults and the same oracle. It does not gate.")}
${card('mutants', 'Mutants', 'Deliberate bugs in the kit, each switched in alone, and the scenarios that caught them.')}
</main>
<footer>Verdicts: ✓ every check holds, ✗ a check is broken, ? not decided (a fault left no evidence, or the run broke), – not run.</footer>
<dialog id="detail" aria-labelledby="detail-title"></dialog>
<script type="application/json" id="data">${json(data)}</script>
<script>
// Compilers that keep function names call this helper from the functions below.
const __name = (f) => f;
(${reportApp.toString()})(JSON.parse(document.getElementById('data').textContent), ${drawTimeline.toString()}, ${timelineView.toString()}, ${problemList.toString()}, ${reportSections.toString()});
</script>
</body>
</html>
`;
}

/** The one sentence that CI goes by: the runs of the kit (or of the server that it judges), without the peers. */
function gateLine({ gating, judged }: CollectedIndex): string {
  const { passed, failed, unknown } = gating;
  const who = judged === undefined ? 'The kit' : html(judged);
  if (failed > 0)
    return `<p class="gate failed">✗ ${who} failed ${failed} of ${passed + failed + unknown} runs</p>`;
  if (unknown > 0)
    return `<p class="gate unknown">? ${unknown} of ${judged === undefined ? "the kit's" : 'the'} runs prove nothing</p>`;
  if (passed === 0) return '<p class="gate unknown">? No run of the kit</p>';
  return `<p class="gate passed">✓ ${who} holds in all ${passed} runs</p>`;
}

function html(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** JSON inside a script element must not be able to end it. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/</g, '\\u003c');
}
