import { inject, vi } from 'vitest';
import { askFor } from './once-a-run.ts';

/** Workers of this test file take the bundle of the run; other entries they bundle themselves, as outside of tests. */
vi.mock(import('../../workers/workflow-bundle.ts'), async (importOriginal) => {
  const { bundleWorkflows } = await importOriginal();
  return {
    bundleWorkflows: async (entry?: string) =>
      entry === undefined
        ? { codePath: await askFor(inject('workflowBundleSocket')) }
        : await bundleWorkflows(entry),
  };
});
