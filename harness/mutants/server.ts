import type { Mutant } from './mutant.ts';

/** Bugs in the server: what it replays, announces, promises and lets in. */
export const serverMutants: readonly Mutant[] = [
  {
    id: 'replay-skips-one',
    description: 'A replay begins one event too late.',
    file: 'kit/server/resume.ts',
    find: "return { outcome: 'ok', start: position, primer: position };",
    replace: `return {
      outcome: 'ok',
      start: { ...position, seq: Math.min(position.seq + 1, bounds.head) },
      primer: position,
    };`,
    scenarios: ['resume/inside-buffer', 'disconnect/fin-between-events'],
  },
  {
    id: 'replay-repeats-one',
    description: 'A replay begins one event too early.',
    file: 'kit/server/resume.ts',
    find: "return { outcome: 'ok', start: position, primer: position };",
    replace: `return {
      outcome: 'ok',
      start: { ...position, seq: Math.max(position.seq - 1, bounds.oldest - 1) },
      primer: position,
    };`,
    scenarios: ['resume/inside-buffer', 'disconnect/true-rst'],
  },
  {
    id: 'replay-cut-at-batch',
    description: 'A replay ends with its first batch; the rest is skipped.',
    file: 'kit/server/reader.ts',
    find: '      this.#apply(result);',
    replace: `      this.#apply(result);
      if (result.kind === 'batch') this.#seq = this.core.log.bounds().head;`,
    scenarios: ['resume/inside-buffer', 'resume/cut-during-replay'],
  },
  {
    id: 'seam-race',
    description: 'What is published between the end of a replay and going live is skipped.',
    file: 'kit/server/reader.ts',
    find: 'this.core.fanout.join(this, this.position);',
    replace: `setTimeout(() => {
      if (this.#mode !== 'live') return;
      this.#seq = this.core.log.bounds().head;
      this.core.fanout.join(this, this.position);
    }, 5);`,
    scenarios: ['resume/inside-buffer'],
  },
  {
    id: 'forget-epoch',
    description: 'Every incarnation of a log has the same epoch, so that a lost log looks like the old one.',
    file: 'kit/server/memory-log.ts',
    find: 'this.#epoch = options.epoch ?? createEpoch();',
    replace: "this.#epoch = options.epoch ?? 'always-the-same';",
    scenarios: ['deploy/sigkill-memory'],
  },
  {
    id: 'cannot-resume-unsaid',
    description: 'A cursor that fell off the log is answered as if it could be continued from.',
    file: 'kit/server/resume.ts',
    find: 'return lose(text, reason, start, position, missed);',
    replace: "return { outcome: 'ok', start, primer: start };",
    scenarios: ['resume/evicted', 'deploy/sigkill-memory'],
  },
  {
    id: 'wrong-missed-count',
    description: 'The announced loss is one too large.',
    file: 'kit/server/resume.ts',
    find: 'missed: bounds.oldest - 1 - position.seq',
    replace: 'missed: bounds.oldest - position.seq',
    scenarios: ['resume/evicted'],
  },
  {
    id: 'no-open-id',
    description: '`stream.open` carries no `id:`, so that a client cut before its first event has no cursor.',
    file: 'kit/protocol/control.ts',
    find: `    event: STREAM_OPEN,
    id: cursorId(cursor),`,
    replace: '    event: STREAM_OPEN,',
    scenarios: ['disconnect/before-first-event'],
  },
  {
    id: 'open-id-at-head',
    description: '`stream.open` primes a resumed client with the head, past what is still to be replayed.',
    file: 'kit/server/session.ts',
    find: 'encodeStreamOpen(openBody(reader, topic, options), plan.primer, options.nextRetryMs()),',
    replace: `encodeStreamOpen(
        openBody(reader, topic, options),
        { epoch: topic.bounds.epoch, seq: topic.bounds.head },
        options.nextRetryMs(),
      ),`,
    scenarios: ['resume/cut-during-replay', 'resume/inside-buffer'],
  },
  {
    id: 'no-heartbeats',
    description: 'The server announces heartbeats and sends none.',
    file: 'kit/server/connections.ts',
    find: 'if (heartbeatMs === 0 || connection.blockedMs !== null) return;',
    replace: 'return;',
    scenarios: ['liveness/heartbeat-jitter', 'liveness/tail-loss'],
  },
  {
    id: 'heartbeat-with-id',
    description: 'A heartbeat carries an `id:` of its own, which moves the cursor without an event.',
    file: 'kit/protocol/heartbeat.ts',
    find: 'return encodeComment(`hb ${formatPosition(heartbeat.head)} ${Math.trunc(heartbeat.unixMs)}`);',
    replace: `return \`id: hb\${Math.trunc(heartbeat.unixMs)}\\ndata: hb\\n\\n\`;`,
    scenarios: ['liveness/heartbeat-jitter', 'liveness/half-open'],
  },
  {
    id: 'heartbeat-head-too-high',
    description: 'A heartbeat names a position that was not published yet.',
    file: 'kit/server/session.ts',
    find: 'reader.core.heartbeatAt(reader.position)',
    replace: 'reader.core.heartbeatAt({ ...reader.position, seq: reader.position.seq + 1 })',
    scenarios: ['liveness/heartbeat-jitter', 'liveness/tail-loss'],
  },
  {
    id: 'heartbeat-head-too-low',
    description: 'A heartbeat names the beginning of the log, and so proves nothing.',
    file: 'kit/server/session.ts',
    find: 'reader.core.heartbeatAt(reader.position)',
    replace: 'reader.core.heartbeatAt({ ...reader.position, seq: 0 })',
    scenarios: ['liveness/tail-loss', 'liveness/heartbeats-only'],
  },
];
