/**
 * A lockfile written on one platform, or against a registry that does not carry every platform's binaries, can lack
 * the optional packages of the others; `npm ci` then refuses it with "Missing: … from lock file". This adds them.
 */
export interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lockfile {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];
const LIBRARIES: Readonly<Record<string, string>> = {
  musl: 'musl',
  musleabihf: 'musl',
  gnu: 'glibc',
  gnueabihf: 'glibc',
};

/** A missing entry and the path that it belongs under. */
export interface Missing {
  readonly path: string;
  readonly entry: LockEntry;
}

/** Entries that `npm ci` would miss. Only exact versions can be added; a range throws, since it needs the registry. */
export function missingEntries({ packages }: Lockfile): readonly Missing[] {
  const missing: Missing[] = [];
  for (const [parent, { dev, optionalDependencies }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      if (isResolved(packages, parent, name)) continue;
      if (!/^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(version)) {
        throw new Error(
          `${name}@${version}, wanted by ${parent}, is a range: run npm install against a full registry`,
        );
      }
      const entry = { version, ...(dev ? { dev } : {}), optional: true, ...platformOf(name) };
      missing.push({
        path: `${parent.slice(0, parent.lastIndexOf('node_modules/'))}node_modules/${name}`,
        entry,
      });
    }
  }
  return missing;
}

/** The lockfile with its missing entries, in npm's order. */
export function completeLockfile<T extends Lockfile>(lockfile: T): T {
  const added = missingEntries(lockfile).map(({ path, entry }) => [path, entry] as const);
  const entries = [...Object.entries(lockfile.packages), ...added];
  entries.sort(([left], [right]) => left.localeCompare(right, 'en'));
  return { ...lockfile, packages: Object.fromEntries(entries) };
}

/** Node's own search: beside the parent, then upward. */
function isResolved(packages: Lockfile['packages'], parent: string, name: string): boolean {
  for (
    let folder = parent;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))
  ) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** Reads os, cpu and libc from a name such as `@scope/binding-linux-arm64-musl`. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.split(/[/-]/);
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  const libc = words.map((word) => LIBRARIES[word]).filter((word) => word !== undefined);
  return { cpu, ...(os.includes('linux') && libc.length > 0 ? { libc } : {}), os };
}
