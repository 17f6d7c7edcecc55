import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Compiled code is kept between processes: each test file is one, and some start the real program many times. Set here,
// not as `test.env`, so that vitest's own processes have it from their start.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules', '.cache', 'node-compile');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/soak/**', 'test/pictures/**', 'test/attacks/**/*.slow.test.ts'],
    globalSetup: ['test/support/temporal-server-setup.ts', 'test/support/workflow-bundle-setup.ts'],
    setupFiles: ['test/support/share-workflow-bundle.ts'],
    // Temporal's native core and vitest's thread pool do not go together: forks, always.
    pool: 'forks',
    // The long test files wait for most of their time, for servers, ports and processes: four at once on two cores.
    maxWorkers: 2 * availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
