import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{kit,harness,fixtures,scripts,examples,docs}/**/*.test.ts'],
    typecheck: { enabled: false },
    testTimeout: 15_000,
  },
});
