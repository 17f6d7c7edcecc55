import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { LineConfig } from '../line/config.ts';
import type { Registry } from '../registry/registry.ts';
import { startIntake } from './intake.ts';
import type { IntakeRoleOptions } from './intake.ts';
import { intakeInTurn } from './intake-turn.ts';
import { joinRoles } from './role.ts';
import type { Role } from './role.ts';
import { watchLine } from './watch-line.ts';

export interface IntakeAndWatchOptions extends Pick<
  IntakeRoleOptions,
  'socketProducts' | 'rehearse' | 'onEvent'
> {
  readonly config: LineConfig;
  readonly stateFolder: string;
  readonly registry: Registry;
  readonly client: Client;
  readonly log: Logger;
}

/** What one orchestrator of a registry does at a time: it takes manifests in, and watches the factory line. */
export async function intakeAndWatch(options: IntakeAndWatchOptions): Promise<Role> {
  const { config, stateFolder, registry, client, log } = options;
  const { inbox, manufacturers, products, stations, unitsInFlight, notifications } = config;
  const near = { inbox, products, registry, client, log };
  const registryPlace = { stateFolder, config };
  const { socketProducts, rehearse, onEvent } = options;
  const own = { socketProducts, ...(rehearse && { rehearse }), ...(onEvent && { onEvent }) };
  return await intakeInTurn({ stateFolder, config, log }, async () => {
    const intake = await startIntake({
      ...near,
      ...own,
      manufacturers,
      stateFolder,
      registryPlace,
      unitsInFlight,
    });
    return joinRoles([watchLine({ ...near, stations, notifications }), intake]);
  });
}
