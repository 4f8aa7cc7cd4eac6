import { describe, expect, it } from 'vitest';
import { scenarios } from '../scenarios/index.ts';
import { KIT_CAPABILITIES } from '../subjects/kit/capabilities.ts';
import type { Look } from './look.ts';
import { reachedIds, whySkipped } from './reach.ts';

const LOOK: Look = {
  tookMs: 2000,
  events: 20,
  named: 20,
  perSecond: 10,
  bytesPerSecond: 500,
  quietMs: 110,
  roomBytes: 400,
  positions: true,
  keptAlive: true,
  heartbeatMs: 5000,
  heartbeats: 3,
};
const client = new Set([...KIT_CAPABILITIES, 'process' as const, 'early-head' as const]);
const reasons = (look: Partial<Look>) =>
  new Map(scenarios.map((each) => [each.id, whySkipped(each, { ...LOOK, ...look }, client)]));

describe('what scenarios ask of a server that is not ours', () => {
  it('is said of each of the catalogue, and of no other', () => {
    expect(reachedIds).toEqual(scenarios.map(({ id }) => id));
  });

  it('is at least what the server shows', () => {
    const kit = reasons({});
    const played = [...kit].filter(([, why]) => why === null).map(([id]) => id);
    expect(played.length).toBeGreaterThanOrEqual(30);
    const plain = reasons({ positions: false, heartbeatMs: null, heartbeats: 0 });
    const onlyKit = played.filter((id) => plain.get(id) !== null);
    expect(onlyKit).toEqual([
      'disconnect/before-first-event',
      'liveness/heartbeats-only',
      'order/silent-hole',
    ]);
    expect(reasons({ heartbeats: 0 }).get('liveness/heartbeats-only')).toContain('a stream that is busy');
    expect(reasons({ heartbeatMs: 300 }).get('disconnect/slow-close')).toContain('further apart');
    expect(reasons({ keptAlive: false }).get('resume/phantom-resend')).toContain('keeps a connection');
    expect(reasons({ bytesPerSecond: 5000 }).get('proxy/buffering')).toContain('8 KiB');
  });

  it('is an id for everything that resumes or dedupes', () => {
    const nameless = reasons({ named: 0 });
    expect(nameless.get('resume/inside-buffer')).toContain('needs ids');
    expect(nameless.get('dedupe/duplicate')).toContain('needs ids');
    expect(nameless.get('connect/baseline')).toBeNull();
  });

  it('is a client that can do it', () => {
    const [crash] = scenarios.filter(({ id }) => id === 'resume/crash-before-commit');
    expect(crash && whySkipped(crash, LOOK, new Set(KIT_CAPABILITIES))).toBe('needs a client with process');
  });
});
