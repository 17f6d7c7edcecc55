import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Compiled code is kept between processes: each test file is one, and some start the real program many times. Set here,
// not as `test.env`, so that vitest's own processes have it from their start.
process.env['NODE_COMPILE_CACHE'] = join(import.meta.dirname, 'node_modules', '.cache', 'node-compile');

/** What holds for all tests. */
export const base = defineConfig({
  test: {
    globalSetup: ['test/support/temporal-server-setup.ts', 'test/support/workflow-bundle-setup.ts'],
    setupFiles: ['test/support/share-workflow-bundle.ts'],
    // Temporal's native core and vitest's thread pool do not go together: forks, always.
    pool: 'forks',
    // Test files wait a good part of their time, for servers, ports and processes: four at once on two cores.
    maxWorkers: 2 * availableParallelism(),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

const NOT_FAST = ['test/soak/**', 'test/cluster/**', 'test/pictures/**', 'test/**/*.slow.test.ts'];

/**
 * Rooms without a Temporal worker. Their files run in processes that take one file after the other and load a module once,
 * which saves more than half of their CPU time. So none of them may leave a change of the process behind.
 */
const SHARE_A_PROCESS = [
  'disk',
  'sql',
  'manifests',
  'pki',
  'provisioning',
  'registry',
  'reports',
  'smp',
  'fixtures',
  'simulator',
  'line',
  'monitoring',
].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: SHARE_A_PROCESS, exclude: NOT_FAST, isolate: false },
      },
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...NOT_FAST, ...SHARE_A_PROCESS] },
      },
    ],
  },
});
