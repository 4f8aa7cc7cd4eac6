import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{kit,harness,fixtures,scripts,examples,docs}/**/*.test.ts'],
    typecheck: { enabled: false },
    // Wide, since a loaded CI machine is slow: a test that waits for an event ends when the event comes.
    testTimeout: 30_000,
  },
});
