/**
 * What setup has to do on a machine, decided from facts alone. `plan` performs nothing: `run.ts` does.
 */

/** What there is. Paths are absolute; `null` means "looked for and not found". */
export interface Facts {
  readonly nodeVersion: string;
  readonly platform: string;
  /** How system packages can be installed without asking anybody: as root or by password-less sudo. */
  readonly packages:
    | { readonly manager: 'apt'; readonly prefix: readonly string[] }
    | { readonly manager: 'none'; readonly hint: string };
  /** What the suite would start for each browser. WebKit exists only as Playwright's build. */
  readonly browsers: Readonly<Record<Browser, FoundBrowser | null>>;
  /** Where the harness would get its Toxiproxy from, and `null` when it has to be installed. */
  readonly toxiproxy: string | null;
  /** Programs that tests of single features use, by command. */
  readonly services: Readonly<Record<Service, string | null>>;
}

/** A browser that the suite can drive: Playwright's own build or the system's. */
export interface FoundBrowser {
  readonly source: 'playwright' | 'system';
  readonly path: string;
}

export type Browser = 'chromium' | 'firefox' | 'webkit';
export type Service = 'redis-server' | 'nginx' | 'haproxy' | 'promtool';

export interface Wishes {
  /** Also install what the tests of the Redis log, the front proxies and the alert rules need. */
  readonly withServices: boolean;
}

/** How something is obtained. A `try` that fails goes on with its `otherwise`. */
export type Action =
  | { readonly do: 'playwright-install'; readonly browsers: readonly Browser[] }
  | { readonly do: 'packages'; readonly prefix: readonly string[]; readonly names: readonly string[] }
  | { readonly do: 'toxiproxy' };

/** One line of the setup. `required: false` is worth having, but the suite runs without it and says so. */
export type SetupStep =
  | { readonly title: string; readonly kind: 'present'; readonly detail: string }
  | { readonly title: string; readonly kind: 'absent'; readonly detail: string; readonly required: boolean }
  | {
      readonly title: string;
      readonly kind: 'install';
      readonly tries: readonly Action[];
      readonly required: boolean;
    };

const MINIMUM_NODE = [20, 19, 0] as const;
const PACKAGE_OF: Readonly<Record<Service | 'chromium' | 'firefox', string>> = {
  chromium: 'chromium',
  firefox: 'firefox-esr',
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  promtool: 'prometheus',
};

/** The steps for this machine, in the order in which they run. What is there already is a `present` line. */
export function plan(facts: Facts, wishes: Wishes): readonly SetupStep[] {
  return [
    node(facts),
    browser('chromium', facts),
    browser('firefox', facts),
    webkit(facts),
    toxiproxy(facts),
    ...(wishes.withServices
      ? Object.keys(facts.services).map((name) => service(name as Service, facts))
      : []),
  ];
}

function node({ nodeVersion }: Facts): SetupStep {
  const wanted = MINIMUM_NODE.join('.');
  return isAtLeast(nodeVersion, MINIMUM_NODE)
    ? { title: 'Node.js', kind: 'present', detail: nodeVersion }
    : { title: 'Node.js', kind: 'absent', required: true, detail: `${nodeVersion} is older than ${wanted}` };
}

function browser(name: 'chromium' | 'firefox', facts: Facts): SetupStep {
  const found = facts.browsers[name];
  if (found) return present(name, found);
  const tries: Action[] = [
    { do: 'playwright-install', browsers: [name] },
    ...packages([PACKAGE_OF[name]], facts),
  ];
  return { title: name, kind: 'install', tries, required: true };
}

/** WebKit is fetched only where Playwright's builds are in use at all; beside system browsers it is named as absent. */
function webkit({ browsers }: Facts): SetupStep {
  if (browsers.webkit) return present('webkit', browsers.webkit);
  if (browsers.chromium?.source === 'system' && browsers.firefox?.source === 'system') {
    return {
      title: 'webkit',
      kind: 'absent',
      required: false,
      detail: "runs only as Playwright's build: npx playwright install --with-deps webkit",
    };
  }
  const tries: Action[] = [{ do: 'playwright-install', browsers: ['webkit'] }];
  return { title: 'webkit', kind: 'install', tries, required: false };
}

function present(title: Browser, { source, path }: FoundBrowser): SetupStep {
  const whose = source === 'playwright' ? "Playwright's build" : "the system's build";
  return { title, kind: 'present', detail: `${whose}, ${path}` };
}

function toxiproxy({ toxiproxy: found }: Facts): SetupStep {
  return found === null
    ? { title: 'Toxiproxy', kind: 'install', tries: [{ do: 'toxiproxy' }], required: false }
    : { title: 'Toxiproxy', kind: 'present', detail: found };
}

function service(name: Service, facts: Facts): SetupStep {
  const found = facts.services[name];
  if (found !== null) return { title: name, kind: 'present', detail: found };
  const tries = packages([PACKAGE_OF[name]], facts);
  if (tries.length > 0) return { title: name, kind: 'install', tries, required: true };
  const hint = facts.packages.manager === 'none' ? facts.packages.hint : '';
  return { title: name, kind: 'absent', required: true, detail: `${hint} ${PACKAGE_OF[name]}`.trim() };
}

function packages(names: readonly string[], facts: Facts): Action[] {
  return facts.packages.manager === 'apt' ? [{ do: 'packages', prefix: facts.packages.prefix, names }] : [];
}

function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const have = version.replace(/^v/, '').split('.').map(Number);
  for (const [index, part] of wanted.entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}
