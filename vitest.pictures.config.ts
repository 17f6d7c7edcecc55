import { defineConfig } from 'vitest/config';
import { base } from './vitest.config.ts';

/** Pictures of the Temporal UI, in a browser that this host must have: `npm run pictures`. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/pictures/**/*.test.ts'], exclude: [] },
});
