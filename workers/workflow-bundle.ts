import { fileURLToPath } from 'node:url';

const fileOf = (path: string): string => fileURLToPath(new URL(`../workflows/${path}`, import.meta.url));

/** The entry of the workflow bundle; workers bundle it themselves when they start. */
export const workflowsPath: string = fileOf('bundle-entry.ts');

/** How every worker and test bundles the workflows: what messages must look like is loaded once for all of them, with zod. */
export const bundlerOptions: { readonly preloadModules: string[] } = {
  preloadModules: [fileOf('message-schemas.ts')],
};

/** What runs around all workflows: signals and Updates that cannot be read do them no harm. */
export const interceptorModules: string[] = [fileOf('readable-messages.ts')];
