import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/**
 * The production topology, from packages: `npm run test:cluster`. Its roles are processes of their own, so nothing is set up
 * for all files; one file at a time, since each uses the same loopback addresses.
 */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    pool: base.test!.pool!,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
