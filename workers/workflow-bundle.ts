import { fileURLToPath } from 'node:url';

/** The entry of the workflow bundle; workers bundle it themselves when they start. */
export const workflowsPath: string = fileURLToPath(new URL('../workflows/bundle-entry.ts', import.meta.url));
