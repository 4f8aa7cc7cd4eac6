import type { CollectedIndex, IndexEntry } from './index-json.ts';

/**
 * Renders JUnit XML: one suite per subject and server, one case per scenario. A false verdict is a failure, an unknown
 * one an error, an absent one skipped with its reason. Peers do not gate, so theirs are skipped with the verdict said.
 */
export function renderJunit(index: CollectedIndex): string {
  const suites = new Map<string, IndexEntry[]>();
  for (const each of index.results) {
    const name = `${each.subject} on ${each.server}`;
    suites.set(name, [...(suites.get(name) ?? []), each]);
  }
  const count = (all: readonly IndexEntry[], verdict: IndexEntry['verdict']) =>
    all.filter((each) => each.verdict === verdict && each.subjectKind === 'kit').length;
  const skipped = (all: readonly IndexEntry[]) =>
    all.filter((each) => each.verdict === 'absent' || (each.subjectKind === 'peer' && each.verdict !== true))
      .length;
  const attributes = (all: readonly IndexEntry[]) =>
    `tests="${all.length}" failures="${count(all, false)}" errors="${count(all, 'unknown')}" skipped="${skipped(all)}" time="${seconds(all.reduce((sum, each) => sum + each.durationMs, 0))}"`;
  const body = [...suites].map(
    ([name, all]) =>
      `  <testsuite name="${xml(name)}" ${attributes(all)} timestamp="${xml(all[0]?.startedAt ?? '')}">\n${all.map(testcase).join('\n')}\n  </testsuite>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sse-reliability-kit" ${attributes(index.results)}>\n${body.join('\n')}\n</testsuites>\n`;
}

function testcase(each: IndexEntry): string {
  const head = `    <testcase name="${xml(each.id)}" classname="${xml(`${each.subject}.${each.server}`)}" time="${seconds(each.durationMs)}"`;
  if (each.verdict === true) return `${head}/>`;
  const message = `message="${xml(each.summary)}"`;
  if (each.verdict === 'absent') return `${head}><skipped ${message}/></testcase>`;
  if (each.subjectKind === 'peer') {
    return `${head}><skipped message="${xml(`${each.verdict}, does not gate: ${each.summary}`)}"/></testcase>`;
  }
  const kind = each.verdict === false ? 'failure' : 'error';
  const text = `seed ${each.seed}\nfailed: ${each.failed.join(', ')}\nunknown: ${each.unknown.join(', ')}`;
  return `${head}><${kind} ${message} type="${xml(each.failed[0] ?? each.unknown[0] ?? 'run')}">${xml(text)}</${kind}></testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** XML 1.0 has no way to write most control characters, so they become the replacement character. */
function xml(text: string): string {
  return (
    text
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  );
}
