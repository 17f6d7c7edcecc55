import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The long tests: `npm run test:soak`. */
export default mergeConfig(
  base,
  defineConfig({ test: { include: ['test/soak/**/*.test.ts'], exclude: [], testTimeout: 1_800_000 } }),
);
