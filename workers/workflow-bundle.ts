import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';

const fileOf = (path: string): string => fileURLToPath(new URL(`../workflows/${path}`, import.meta.url));

/**
 * The workflows as one script for workers, which takes about two seconds to make. What messages must look like is loaded
 * once for all workflows, with zod; around all of them, signals and Updates that cannot be read do no harm.
 */
export async function bundleWorkflows(
  entry: string = fileOf('bundle-entry.ts'),
): Promise<WorkflowBundleOption> {
  return await bundleWorkflowCode({
    workflowsPath: entry,
    preloadModules: [fileOf('message-schemas.ts')],
    workflowInterceptorModules: [fileOf('readable-messages.ts')],
    logger: Runtime.instance().logger,
  });
}
