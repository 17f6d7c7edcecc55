import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'test/pictures/**', 'test/attacks/**/*.slow.test.ts'],
    globalSetup: ['test/support/temporal-server-setup.ts', 'test/support/workflow-bundle-setup.ts'],
    setupFiles: ['test/support/share-workflow-bundle.ts'],
    // Temporal's native core and vitest's thread pool do not go together: forks, always.
    pool: 'forks',
    // Most tests wait for servers, ports and processes: three files at once on two cores, instead of vitest's one.
    maxWorkers: 3,
    // Tests start the real program some hundred times; with its code cached each start takes two thirds of the time.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules', '.cache', 'node-compile') },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
