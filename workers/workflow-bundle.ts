import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, Runtime } from '@temporalio/worker';
import { lineDataConverter } from '../temporal/data-converter.ts';
import type { WorkflowBundleOption, WorkflowBundleWithSourceMap } from '@temporalio/worker';

const fileOf = (path: string): string => fileURLToPath(new URL(`../workflows/${path}`, import.meta.url));

const ENTRY = fileOf('bundle-entry.ts');

/** The scripts beside built code: where payloads are encrypted, workflows encode the words of failures too. */
export const BUILT_BUNDLES = { plain: 'bundle.cjs', encrypted: 'bundle-encrypted.cjs' } as const;

/**
 * The workflows as one script for workers, for the data converter of this process. `npm run build` has put it beside built
 * code; a checkout makes it.
 */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  const { failureConverterPath } = lineDataConverter();
  if (!import.meta.filename.endsWith('.js')) return await bundleWorkflows(ENTRY, failureConverterPath);
  return { codePath: fileOf(BUILT_BUNDLES[failureConverterPath === undefined ? 'plain' : 'encrypted']) };
}

/**
 * Makes the script, in about two seconds. What messages and answers must look like is loaded once for all workflows, with zod;
 * around all of them, signals and Updates that cannot be read do no harm.
 */
export async function bundleWorkflows(
  entry: string = ENTRY,
  failureConverterPath?: string,
): Promise<WorkflowBundleWithSourceMap> {
  return await bundleWorkflowCode({
    workflowsPath: entry,
    ...(failureConverterPath !== undefined && { failureConverterPath }),
    preloadModules: [
      fileOf('short-stack-traces.ts'),
      fileOf('message-schemas.ts'),
      fileOf('answer-schemas.ts'),
    ],
    workflowInterceptorModules: [fileOf('readable-messages.ts')],
    logger: Runtime.instance().logger,
  });
}
