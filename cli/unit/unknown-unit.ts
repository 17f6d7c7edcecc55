import { CommandError } from '../exit-status.ts';

/** The error for a serial that no batch has. */
export function unknownUnit(serial: string): CommandError {
  return new CommandError(
    'unknown',
    `No batch has a unit ${serial}: "certline batch show ID --units" lists the units of a batch.`,
  );
}
