import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/**
 * What kills processes, presses buttons, takes whole lots through, or waits for retries for many seconds, beside the fast tests of the
 * same room: `npm run test:slow`.
 */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/**/*.slow.test.ts'],
    exclude: [],
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
