import { quote, SseKitError } from '../../kit/protocol/index.ts';
import type { Scenario } from '../scenarios/index.ts';

/** Which scenarios are wanted: by id, by tag, or all. */
export interface Selection {
  readonly ids: readonly string[];
  readonly tags: readonly string[];
  readonly all: boolean;
}

/**
 * The scenarios that were asked for, in the catalogue's order.
 * @throws SseKitError `ERR_USAGE` for an id or tag that does not exist (naming near ones), for nothing, and for
 * contradictions.
 */
export function selectScenarios(
  catalogue: readonly Scenario[],
  { ids, tags, all }: Selection,
): readonly Scenario[] {
  if (all && ids.length + tags.length > 0) refuse('--all means every scenario: leave out ids and --tag');
  if (!all && ids.length + tags.length === 0) {
    refuse('name scenarios by id, or use --tag or --all (`sse-kit scenarios --list` shows the ids)');
  }
  const known = new Set(catalogue.map(({ id }) => id));
  for (const id of ids) {
    if (!known.has(id)) refuse(`no scenario ${quote(id)}${hint(id, [...known])}`);
  }
  const allTags = new Set(catalogue.flatMap((each) => each.tags));
  for (const tag of tags) {
    if (!allTags.has(tag)) refuse(`no tag ${quote(tag)}; there are ${[...allTags].sort().join(', ')}`);
  }
  const wanted = new Set(ids);
  return catalogue.filter(
    (each) => all || wanted.has(each.id) || each.tags.some((tag) => tags.includes(tag)),
  );
}

/** Ids that were perhaps meant: those with the same name or a part of it, else those of the same group. */
function hint(wrong: string, ids: readonly string[]): string {
  const [group = '', name = group] = wrong.split('/');
  const near = ids.filter(
    (id) => name.length > 2 && (id.includes(name) || name.includes(id.split('/')[1] ?? id)),
  );
  const some = (near.length > 0 ? near : ids.filter((id) => id.startsWith(`${group}/`))).slice(0, 5);
  return some.length > 0 ? `; near: ${some.join(', ')}` : '; `sse-kit scenarios --list` shows all ids';
}

function refuse(message: string): never {
  throw new SseKitError('ERR_USAGE', message);
}
