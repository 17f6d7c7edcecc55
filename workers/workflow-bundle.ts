import { fileURLToPath } from 'node:url';

/** The entry of the workflow bundle; workers bundle it themselves when they start. */
export const workflowsPath: string = fileURLToPath(new URL('../workflows/bundle-entry.ts', import.meta.url));

/**
 * What messages must look like is loaded once for all workflows, with zod: each workflow on its own would spend 6 ms of CPU
 * and 500 kB on it. It has no state.
 */
export const bundlerOptions: { readonly preloadModules: string[] } = {
  preloadModules: [fileURLToPath(new URL('../workflows/message-schemas.ts', import.meta.url))],
};
