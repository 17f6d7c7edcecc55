import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { parseLineConfig } from '../../line/config.ts';
import { registryPath } from '../../line/state-folder.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { startIntake } from '../../workers/intake.ts';

/** A process to be killed: the intake of a factory line whose Temporal server never starts a workflow. */
const [folder = ''] = process.argv.slice(2);
const never = async (): Promise<never> => await new Promise(() => {});
const allowed = async (): Promise<object> => ({ status: 'allowed', listed: false });
const inbox = join(folder, 'inbox');
mkdirSync(inbox, { recursive: true });
await startIntake({
  ...parseLineConfig(
    { inbox, products: [{ name: 'golioth-node', organization: 'test' }] },
    'the test',
    folder,
  ),
  socketProducts: undefined,
  stateFolder: folder,
  registryPlace: { stateFolder: folder, config: {} },
  registry: openRegistryFile(registryPath(folder)),
  client: { workflow: { start: never, execute: allowed } } as unknown as Client,
  log: pino({ enabled: false }),
});
