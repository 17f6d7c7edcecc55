import type { UnitRecord } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';
import { withRegistry } from '../registry/open-registry.ts';
import type { Invocation } from '../invocation.ts';

/** The record of the unit with this serial, in upper or lower case. Throws `unknown` where no batch has it. */
export async function findUnit(invocation: Invocation, serial: string): Promise<UnitRecord> {
  const unit = await withRegistry(invocation, async (registry) => await registry.unit(serial));
  if (unit !== undefined) return unit;
  throw unknown(serial);
}

/**
 * The same, also for the hardware id of a board that the unit had, or the serial number of a certificate, in hex. Throws
 * `unknown` also where several units had the board, and names them.
 */
export async function findUnitOrOwner(invocation: Invocation, which: string): Promise<UnitRecord> {
  const key = which.toLowerCase().replaceAll(':', '');
  const [unit, owners] = await withRegistry(invocation, async (registry) => {
    const found = await registry.unit(which);
    return [found, found === undefined ? await registry.serialsWith(key) : []] as const;
  });
  if (unit !== undefined) return unit;
  const [owner, another] = owners;
  if (owner === undefined) throw unknown(which);
  if (another === undefined) return await findUnit(invocation, owner);
  throw new CommandError(
    'unknown',
    `Several units had the board ${which}: name one of ${owners.join(', ')}.`,
  );
}

function unknown(serial: string): CommandError {
  return new CommandError(
    'unknown',
    `No batch has a unit ${serial}: "certline batch show ID --units" lists the units of a batch.`,
  );
}
