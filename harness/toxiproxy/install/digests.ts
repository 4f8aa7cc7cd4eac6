/**
 * SHA-256 of the release binaries of Toxiproxy 2.12.0, by asset name, from the release's checksums.txt. An asset that
 * is listed here must have this digest, whatever a mirror says; others are checked against the release's own list.
 */
export const RELEASE_DIGESTS: Readonly<Record<string, string>> = {
  'toxiproxy-server-linux-amd64': '556d891134a3c582dc1e1a3f7335fd55142e5965769855a00b944e13e48302fc',
  'toxiproxy-server-linux-arm64': '53e770c1c3035b5a9f1bc629fce537db1f95f62b26f4ebe6e756afd701cf077c',
  'toxiproxy-server-darwin-amd64': '9625bba4bd96117eedae49f982aba4c2f462b268dd406c9ff18186f9b1ef8afe',
  'toxiproxy-server-darwin-arm64': 'aa299966b52f16a8594f1cd0d1e9049dc2e8fe2c04a90c19860e2719b2b95d15',
};

const SYSTEMS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
  freebsd: 'freebsd',
};
const MACHINES: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: 'amd64', arm64: 'arm64' };

/** Name of the release's server binary for a platform, or undefined where the release has none. */
export function releaseAsset(platform: NodeJS.Platform, arch: NodeJS.Architecture): string | undefined {
  const system = SYSTEMS[platform];
  const machine = MACHINES[arch];
  if (!system || !machine || (platform === 'win32' && arch === 'arm64')) return undefined;
  return `toxiproxy-server-${system}-${machine}${platform === 'win32' ? '.exe' : ''}`;
}

/** Finds one asset in a `checksums.txt` (`<sha256>  <name>` per line). */
export function digestFromList(checksums: string, asset: string): string | undefined {
  for (const line of checksums.split(/\r?\n/)) {
    const [, digest, name] = /^([0-9a-f]{64})\s+\*?(\S+)$/i.exec(line.trim()) ?? [];
    if (digest && name === asset) return digest.toLowerCase();
  }
  return undefined;
}
