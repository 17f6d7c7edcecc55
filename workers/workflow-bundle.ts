import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import type { WorkflowBundleOption, WorkflowBundleWithSourceMap } from '@temporalio/worker';

const fileOf = (path: string): string => fileURLToPath(new URL(`../workflows/${path}`, import.meta.url));

/** The workflows as one script for workers. `npm run build` has put it beside built code; a checkout makes it. */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  const isBuilt = import.meta.filename.endsWith('.js');
  return isBuilt ? { codePath: fileOf('bundle.cjs') } : await bundleWorkflows();
}

/**
 * Makes the script, in about two seconds. What messages and answers must look like is loaded once for all workflows, with zod;
 * around all of them, signals and Updates that cannot be read do no harm.
 */
export async function bundleWorkflows(
  entry: string = fileOf('bundle-entry.ts'),
): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    workflowsPath: entry,
    preloadModules: [
      fileOf('short-stack-traces.ts'),
      fileOf('message-schemas.ts'),
      fileOf('answer-schemas.ts'),
    ],
    workflowInterceptorModules: [fileOf('readable-messages.ts')],
    logger: Runtime.instance().logger,
  });
}
