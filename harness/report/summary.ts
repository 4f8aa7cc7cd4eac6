import type { CollectedIndex } from './index-json.ts';

/** Renders the numbers of a run as Markdown for a CI step summary. */
export function renderSummary(index: CollectedIndex): string {
  const { gating: counts } = index;
  const bad = index.results.filter((each) => each.verdict === false || each.verdict === 'unknown');
  const guilty = bad.filter((each) => each.subjectKind === 'kit');
  const lines = [
    `## ${guilty.length === 0 ? '✅' : '❌'} Scenarios: ${counts.passed} passed, ${counts.failed} failed, ${counts.unknown} unknown, ${counts.absent} absent`,
    '',
    `Network: **${index.engine}** · browsers: ${index.browsers.join(', ') || 'none'} · seed \`${index.seed}\``,
  ];
  if (guilty.length > 0) {
    lines.push('', '| scenario | subject | server | verdict | why |', '|---|---|---|---|---|');
    for (const each of guilty) {
      lines.push(
        `| ${cell(each.id)} | ${cell(each.subject)} | ${cell(each.server)} | ${each.verdict} | ${cell(each.summary)} |`,
      );
    }
  }
  const peers = index.scoreboard;
  if (peers.length > 0) {
    lines.push(
      '',
      '### Scoreboard (does not gate)',
      '',
      '| subject | passed | failed | unknown | absent |',
      '|---|--:|--:|--:|--:|',
    );
    for (const each of peers) {
      lines.push(
        `| ${cell(each.subject)} | ${each.passed} | ${each.failed} | ${each.unknown} | ${each.absent} |`,
      );
    }
  }
  const missed = index.mutants.filter((mutant) => mutant.caughtBy.length === 0);
  if (index.mutants.length > 0) {
    lines.push(
      '',
      `Mutants: ${index.mutants.length - missed.length} of ${index.mutants.length} caught${missed.length > 0 ? `; survivors: ${missed.map((m) => cell(m.mutant)).join(', ')}` : ''}`,
    );
  }
  if (index.absent.length > 0) {
    lines.push(
      '',
      '<details><summary>Absent</summary>',
      '',
      ...index.absent.map((each) => `- ${cell(each.subject)}: ${cell(each.reason)}`),
      '',
      '</details>',
    );
  }
  return `${lines.join('\n')}\n`;
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/</g, '&lt;').replace(/\s+/g, ' ');
}
