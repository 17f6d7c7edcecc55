import { fileURLToPath } from 'node:url';

/** The entry of the workflow bundle; workers bundle it themselves when they start. */
export const workflowsPath: string = fileURLToPath(new URL('../workflows/bundle-entry.ts', import.meta.url));

/** How every worker and test bundles the workflows: what messages must look like is loaded once for all of them, with zod. */
export const bundlerOptions: { readonly preloadModules: string[] } = {
  preloadModules: [fileURLToPath(new URL('../workflows/message-schemas.ts', import.meta.url))],
};
