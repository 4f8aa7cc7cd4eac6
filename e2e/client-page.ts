import { build } from 'esbuild';

/** A page whose window has these names out of the kit's client, bundled from its public entries. */
export async function clientPage(): Promise<string> {
  const result = await build({
    stdin: {
      contents: `
        import { ReliableEventSource } from '../kit/client/index.ts';
        import { connectShared } from '../kit/client/tabs/index.ts';
        Object.assign(window, { kit: { ReliableEventSource, connectShared } });
      `,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    format: 'iife',
    target: 'es2022',
    platform: 'browser',
    write: false,
  });
  const script = result.outputFiles[0]?.text.replaceAll('</script', '<\\/script') ?? '';
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>client</title><script>${script}</script>`;
}
