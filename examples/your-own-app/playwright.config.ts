// examples/your-own-app/playwright.config.ts
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testMatch: 'stream.spec.ts',
  use: { browserName: 'chromium' },
});
