import { isSerial } from '../../provisioning/serial-number.ts';
import { CommandError } from '../exit-status.ts';
import { startRework } from '../rework/start-rework.ts';

/** `certline unit renew`: a rework of one unit. Throws as `startRework`, and `usage` for what is no serial number. */
export async function renewUnit(
  stateFolder: string,
  given: string,
  {
    newKey = false,
    ...options
  }: { newKey?: boolean; reason: string; by?: string; order?: string; json?: boolean },
): Promise<void> {
  const serial = given.toUpperCase();
  if (!isSerial(serial))
    throw new CommandError('usage', `${JSON.stringify(given.slice(0, 70))} is not a serial number.`);
  await startRework(stateFolder, { ...options, kind: newKey ? 'rekey' : 'renew', serials: [serial] });
}
