import { inject, vi } from 'vitest';
import { askFor } from './once-a-run.ts';

/** Workers of this test file take the bundle of the run; other entries they bundle themselves, as outside of tests. */
vi.mock(import('../../workers/workflow-bundle.ts'), async (importOriginal) => ({
  ...(await importOriginal()),
  workflowBundle: async () => ({ codePath: await askFor(inject('workflowBundleSocket')) }),
}));
