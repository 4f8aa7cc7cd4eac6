import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

/** Which of our files a page loads that imports these names. */
async function filesOf(contents: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: `${import.meta.dirname}/..`, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([file]) => file.replace(/^.*kit\/client\//, ''));
}

describe('the bundle of a page', () => {
  it('has neither tab sharing nor ReliableEventSource when it only connects', async () => {
    const files = await filesOf("import { connect } from './index.ts'; globalThis.start = connect;");
    expect(files).toContain('connect.ts');
    expect(files.filter((file) => /tabs\/|event-source/.test(file))).toEqual([]);
  });

  it('has tab sharing when it asks for it', async () => {
    const files = await filesOf(
      "import { connectShared } from './tabs/index.ts'; globalThis.start = connectShared;",
    );
    expect(files).toContain('tabs/leader.ts');
  });
});
