import { describe, expect, it } from 'vitest';
import { type Facts, plan, type SetupStep } from './plan.ts';

const bare: Facts = {
  nodeVersion: 'v20.19.0',
  platform: 'linux',
  packages: { manager: 'apt', prefix: ['sudo', '-n'] },
  browsers: { chromium: null, firefox: null, webkit: null },
  toxiproxy: null,
  services: { 'redis-server': null, nginx: null, haproxy: null, promtool: null },
};
const complete: Facts = {
  ...bare,
  browsers: {
    chromium: { source: 'playwright', path: '/pw/chromium' },
    firefox: { source: 'playwright', path: '/pw/firefox' },
    webkit: { source: 'playwright', path: '/pw/webkit' },
  },
  toxiproxy: '/cache/toxiproxy-server',
  services: { 'redis-server': '/r', nginx: '/n', haproxy: '/h', promtool: '/p' },
};
const noServices = { withServices: false };

function step(steps: readonly SetupStep[], title: string): SetupStep {
  const found = steps.find((candidate) => candidate.title === title);
  if (!found) throw new Error(`no step ${title} in ${steps.map((s) => s.title).join(', ')}`);
  return found;
}

describe('the setup plan', () => {
  it('does nothing on a machine that has everything: a second run is all "present"', () => {
    const steps = plan(complete, { withServices: true });
    expect(steps.map((s) => s.kind)).toEqual(steps.map(() => 'present'));
    expect(steps).toHaveLength(9);
  });

  it("tries Playwright's own browsers first and falls back to the package manager", () => {
    const steps = plan(bare, noServices);
    expect(step(steps, 'chromium')).toEqual({
      title: 'chromium',
      kind: 'install',
      required: true,
      tries: [
        { do: 'playwright-install', browsers: ['chromium'] },
        { do: 'packages', prefix: ['sudo', '-n'], names: ['chromium'] },
      ],
    });
    expect(step(steps, 'firefox')).toMatchObject({ tries: [{}, { names: ['firefox-esr'] }] });
  });

  it('takes the system browsers where they are and downloads nothing', () => {
    const browsers: Facts['browsers'] = {
      chromium: { source: 'system', path: '/usr/bin/chromium' },
      firefox: { source: 'system', path: '/usr/bin/firefox-esr' },
      webkit: null,
    };
    const steps = plan({ ...bare, browsers }, noServices);
    expect(step(steps, 'chromium')).toMatchObject({
      kind: 'present',
      detail: expect.stringContaining('system'),
    });
    expect(step(steps, 'firefox').kind).toBe('present');
    expect(step(steps, 'webkit')).toMatchObject({ kind: 'absent', required: false });
  });

  it("fetches WebKit where Playwright's builds are in use", () => {
    const browsers: Facts['browsers'] = { ...complete.browsers, webkit: null };
    expect(step(plan({ ...complete, browsers }, noServices), 'webkit')).toMatchObject({
      kind: 'install',
      tries: [{ do: 'playwright-install', browsers: ['webkit'] }],
    });
  });

  it('never makes WebKit or the real Toxiproxy a condition', () => {
    const steps = plan(bare, noServices);
    expect(step(steps, 'webkit')).toMatchObject({ kind: 'install', required: false });
    expect(step(steps, 'Toxiproxy')).toMatchObject({ kind: 'install', required: false });
  });

  it('installs services only when asked to', () => {
    expect(plan(bare, noServices).map((s) => s.title)).not.toContain('nginx');
    expect(step(plan(bare, { withServices: true }), 'nginx')).toMatchObject({
      kind: 'install',
      tries: [{ do: 'packages', names: ['nginx-light'] }],
    });
  });

  it('names the command to type where it may not install packages itself', () => {
    const facts: Facts = { ...bare, packages: { manager: 'none', hint: 'brew install' } };
    const steps = plan(facts, { withServices: true });
    expect(step(steps, 'redis-server')).toMatchObject({
      kind: 'absent',
      detail: 'brew install redis-server',
    });
    expect(step(steps, 'chromium')).toMatchObject({ tries: [{ do: 'playwright-install' }] });
  });

  it.each([
    ['v20.18.3', 'absent'],
    ['v20.19.0', 'present'],
    ['v22.0.0', 'present'],
    ['v18.20.0', 'absent'],
    ['v20.20.2', 'present'],
  ])('finds Node %s %s', (nodeVersion, kind) => {
    expect(step(plan({ ...bare, nodeVersion }, noServices), 'Node.js').kind).toBe(kind);
  });
});
