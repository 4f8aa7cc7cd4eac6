import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version that this project pins, builds, downloads and imitates. */
export const TOXIPROXY_VERSION = '2.12.0';

/**
 * Folder for downloaded tools: `SSE_KIT_CACHE_DIR`, else `$XDG_CACHE_HOME/sse-kit`, else `%LOCALAPPDATA%\sse-kit` on
 * Windows and `~/.cache/sse-kit` elsewhere.
 */
export function cacheDir(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SSE_KIT_CACHE_DIR) return env.SSE_KIT_CACHE_DIR;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'sse-kit');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'sse-kit');
  return join(homedir(), '.cache', 'sse-kit');
}

/** Where the pinned server is cached, whether it is there or not. */
export function cachedBinary(directory = cacheDir(), platform: NodeJS.Platform = process.platform): string {
  const file = platform === 'win32' ? 'toxiproxy-server.exe' : 'toxiproxy-server';
  return join(directory, `toxiproxy-${TOXIPROXY_VERSION}`, file);
}
