import type { UnitRecord } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';
import { withRegistry } from '../registry/open-registry.ts';

/** The record of the unit with this serial, in upper or lower case. Throws `unknown` where no batch has it. */
export async function findUnit(stateFolder: string, serial: string): Promise<UnitRecord> {
  const unit = await withRegistry(stateFolder, async (registry) => await registry.unit(serial));
  if (unit !== undefined) return unit;
  throw new CommandError(
    'unknown',
    `No batch has a unit ${serial}: "certline batch show ID --units" lists the units of a batch.`,
  );
}
