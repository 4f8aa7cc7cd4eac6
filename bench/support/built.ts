import { existsSync } from 'node:fs';

/**
 * Loads a part of the kit as it is published. Run from the sources, the figures would be those of the tool that runs
 * them: it gives each function its name as a property of its own. (Children of a bench are bundled, and need no build.)
 *
 * @param path below `kit/`, without its ending
 * @throws Error without a build
 */
export async function built<Module>(path: string): Promise<Module> {
  const file = new URL(`../../dist/kit/${path}.js`, import.meta.url);
  if (!existsSync(file)) throw new Error('nothing is built: npm run build');
  return (await import(file.href)) as Module;
}
