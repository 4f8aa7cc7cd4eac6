import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const { paths } = (
  JSON.parse(
    readFileSync(new URL('./tsconfig.json', import.meta.url), 'utf8').replace(/^\s*\/\/.*$/gm, ''),
  ) as {
    compilerOptions: { paths: Record<string, [string]> };
  }
).compilerOptions;

export default defineConfig({
  resolve: {
    // Examples import the package by its name, which means the sources here and not what was built last.
    alias: Object.entries(paths).map(([name, [source]]) => ({
      find: new RegExp(`^${name}$`),
      replacement: fileURLToPath(new URL(source, import.meta.url)),
    })),
  },
  test: {
    include: ['{kit,harness,fixtures,scripts,examples,docs}/**/*.test.{ts,tsx}'],
    typecheck: { enabled: false },
    // Wide, since a loaded CI machine is slow: a test that waits for an event ends when the event comes.
    testTimeout: 30_000,
  },
});
