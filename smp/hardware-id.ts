import type { RequestOptions, SmpClient } from './client.ts';
import { isSmpError, SmpError } from './smp-error.ts';

/**
 * The board's unique hardware id as lower-case hex, as the shell's `hwinfo devid` prints it. Rejects with
 * `SMP_UNSUPPORTED` where the firmware or the hardware has none.
 */
export async function readHardwareId(client: SmpClient, options?: RequestOptions): Promise<string> {
  let output: string;
  try {
    ({ output } = await client.exec(['hwinfo', 'devid'], { ...options, repeatable: true }));
  } catch (error) {
    if (isSmpError(error, 'SMP_UNSUPPORTED')) throw unsupported(client, error);
    throw error;
  }
  const digits = /^ID:\s*0x([0-9a-fA-F]{2,})\s*$/m.exec(output)?.[1];
  if (digits === undefined) throw unsupported(client, undefined);
  return digits.toLowerCase();
}

function unsupported(client: SmpClient, cause: SmpError | undefined): SmpError {
  const sentence = `${client.name}: the board tells no hardware id: switch on CONFIG_HWINFO, CONFIG_HWINFO_SHELL and CONFIG_MCUMGR_GRP_SHELL in the firmware`;
  return new SmpError('SMP_UNSUPPORTED', sentence, { cause });
}
