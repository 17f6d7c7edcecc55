import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/** The long tests: `npm run test:soak`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/soak/**/*.test.ts'], exclude: [], testTimeout: 1_800_000 },
});
