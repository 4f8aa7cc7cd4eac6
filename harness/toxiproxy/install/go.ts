import { join } from 'node:path';
import { TOXIPROXY_VERSION } from '../cache.ts';
import { ToxiproxyError } from '../errors.ts';
import type { RunCommand } from '../run-command.ts';
import { publish } from './publish.ts';

const MODULE = 'github.com/Shopify/toxiproxy/v2';

/**
 * Builds the pinned version with `go install` (Go's checksum database vouches for the sources) into `target`. The
 * package is called `server`, and so is the binary until it is moved; the version is stamped in, since a plain build
 * calls itself `git`. Throws `ERR_TOXIPROXY_INSTALL`.
 */
export async function installWithGo(
  target: string,
  go: string,
  run: RunCommand,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await publish(target, async (scratch) => {
    // GOBIN is refused for cross builds, and a cross build would be of no use here.
    const { GOOS: _os, GOARCH: _arch, ...rest } = env;
    const stamp = `-s -w -X ${MODULE}.Version=${TOXIPROXY_VERSION}`;
    const args = ['install', '-ldflags', stamp, `${MODULE}/cmd/server@v${TOXIPROXY_VERSION}`];
    const built = await run(go, args, {
      timeoutMs: 10 * 60_000,
      env: { ...rest, GOBIN: scratch, CGO_ENABLED: '0' },
    });
    if (built.code !== 0) {
      throw new ToxiproxyError(
        'ERR_TOXIPROXY_INSTALL',
        `go install of Toxiproxy ${TOXIPROXY_VERSION} failed: ${built.stderr.trim().slice(-600)}`,
      );
    }
    return join(scratch, process.platform === 'win32' ? 'server.exe' : 'server');
  });
}
