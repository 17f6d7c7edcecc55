import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The attacks that take long: `npm run test:attacks`. The fast ones of `test/attacks` run with `npm test`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/attacks/**/*.slow.test.ts'], exclude: [], testTimeout: 1_800_000 },
});
