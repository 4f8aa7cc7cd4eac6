import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { digest, digestData } from './digest.ts';
import { parseHistory, readHistory } from './reader.ts';
import type { HistoryRecord } from './types.ts';
import { createHistory, type Unstamped } from './writer.ts';

const dir = mkdtempSync(join(tmpdir(), 'history-'));
afterAll(() => rmSync(dir, { recursive: true }));

const note = (text: string) => ({ kind: 'note', text }) as const;

describe('a history', () => {
  it('comes back as it was written, in order, and each line is there before the next', () => {
    const path = join(dir, 'deep', 'history.ndjson');
    let clock = 100;
    const history = createHistory({ path, now: () => clock++ });
    history.append(note('one'));
    expect(readFileSync(path, 'utf8')).toBe('{"kind":"note","text":"one","at":100}\n');
    history.append({ kind: 'processed', subject: 'kit', stream: 's', id: 'e.1', type: 't', digest: 'd' });
    history.append({ ...note('stamped by somebody else'), at: 7.25 });
    history.close();
    history.close();
    const { records, problems } = readHistory(path);
    expect(problems).toEqual([]);
    expect(records).toEqual(history.records());
    expect(records.map((record) => record.at)).toEqual([100, 101, 7.25]);
  });

  it('goes on where another process stopped', () => {
    const path = join(dir, 'shared.ndjson');
    for (const text of ['first', 'second']) {
      const history = createHistory({ path });
      history.append(note(text));
      history.close();
    }
    expect(readHistory(path).records.map((r) => (r.kind === 'note' ? r.text : ''))).toEqual([
      'first',
      'second',
    ]);
  });

  it('refuses a record that would not be read back, and one after close', () => {
    const history = createHistory();
    const broken = { kind: 'processed', subject: 'kit' } as unknown as Unstamped;
    expect(() => history.append(broken)).toThrow(/processed\.stream: missing/);
    expect(() => history.append({ ...note('x'), at: Number.NaN })).toThrow(/at: not a finite number/);
    history.close();
    expect(() => history.append(note('late'))).toThrow(
      expect.objectContaining({ code: 'ERR_HISTORY_CLOSED' }),
    );
    expect(history.records()).toEqual([]);
  });

  it('reports a torn last line and does not swallow it', () => {
    const path = join(dir, 'torn.ndjson');
    const history = createHistory({ path, now: () => 1 });
    history.append(note('whole'));
    history.close();
    appendFileSync(path, '{"kind":"note","te');
    const { records, problems } = readHistory(path);
    expect(records).toHaveLength(1);
    expect(problems).toEqual([
      { line: 2, what: 'torn', reason: 'the last line has no line end', text: '{"kind":"note","te' },
    ]);
  });

  it('calls a last line without line end torn even when it happens to be whole JSON', () => {
    const { records, problems } = parseHistory(
      '{"at":1,"kind":"note","text":"a"}\n{"at":2,"kind":"note","text":"b"}',
    );
    expect(records).toHaveLength(1);
    expect(problems.map((each) => each.what)).toEqual(['torn']);
  });

  it.each([
    ['{"at":1}', 'kind: unknown undefined'],
    ['{"at":1,"kind":"constructor"}', 'kind: unknown "constructor"'],
    ['[]', 'not an object'],
    ['{"at":"1","kind":"note","text":"a"}', 'at: not a finite number'],
    ['{"at":1,"kind":"sample","name":"rss","value":1,"unit":"parsec"}', 'sample.unit: bad value'],
    [
      '{"at":1,"kind":"announced","subject":"k","what":"gap","reason":"r","after":null,"from":null}',
      'announced.missed: missing',
    ],
  ])('names what is wrong with the line %s', (line, reason) => {
    const { records, problems } = parseHistory(`${line}\n{"at":1,"kind":"note","text":"good","new":true}\n`);
    expect(problems).toEqual([{ line: 1, what: 'invalid', reason, text: line }]);
    expect(records).toHaveLength(1);
  });

  it('keeps 20,000 records apart', () => {
    const path = join(dir, 'long.ndjson');
    const history = createHistory({ path });
    for (let i = 0; i < 20_000; i++) history.append(note(`n${i}`));
    history.close();
    const last: HistoryRecord | undefined = readHistory(path).records[19_999];
    expect(last).toMatchObject({ kind: 'note', text: 'n19999' });
  });
});

describe('digests', () => {
  it('do not depend on the order of keys or on who serialised the payload', () => {
    const payload = { b: [1, { d: null, c: 'ü' }], a: undefined };
    expect(digest(payload)).toBe(digest({ b: [1, { c: 'ü', d: null }] }));
    expect(digestData(JSON.stringify(payload))).toBe(digest(payload));
    const envelope = { specversion: '1.0', id: 'e.1', source: 's', type: 't', data: payload };
    expect(digestData(JSON.stringify(envelope))).toBe(digest(payload));
    expect(digestData('plain text')).toBe(digest('plain text'));
  });

  it('differ for payloads that differ', () => {
    const payloads = [
      1,
      '1',
      null,
      '',
      [],
      {},
      [1, 2],
      [2, 1],
      [[1], 2],
      { a: 1 },
      { a: '1' },
      'ab',
      'ba',
      'a',
      'á',
    ];
    expect(new Set(payloads.map(digest)).size).toBe(payloads.length);
    expect(digest('x')).toMatch(/^[0-9a-f]{16}$/);
    const many = Array.from({ length: 50_000 }, (_, n) => digest({ n, text: 'same' }));
    expect(new Set(many).size).toBe(many.length);
  });
});
