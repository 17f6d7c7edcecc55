import type { SmpClient } from '../../smp/client/client.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { typeCommand } from '../../smp/shell/type-command.ts';
import { CommandError } from '../exit-status.ts';
import { FIRMWARE_OPTION } from './firmware-option.ts';
import { exec } from '../../smp/shell/exec.ts';

/** What a command printed, and what it returned: null where it was typed and the shell does not say. */
export interface ShellAnswer {
  readonly output: string;
  readonly ret: number | null;
}

/**
 * Runs a command in the board's shell: through the shell group or, where the firmware lacks it and the shell shares the
 * port, by typing it. Throws `board`, naming the options to switch on, where neither is possible.
 */
export async function runShellCommand(
  client: SmpClient,
  words: readonly string[],
  signal: AbortSignal,
): Promise<ShellAnswer> {
  try {
    return await exec(client, words, { signal });
  } catch (error) {
    if (!isSmpError(error, 'SMP_UNSUPPORTED')) throw error;
  }
  try {
    const { output, ret } = await typeCommand(client, words.join(' '), { signal });
    return { output, ret: ret ?? null };
  } catch (error) {
    if (!isSmpError(error, 'SMP_UNSUPPORTED')) throw error;
    const sentence = `${client.name}: the board runs no shell commands for us: switch on ${FIRMWARE_OPTION.shell} in the firmware`;
    throw new CommandError('board', sentence, { cause: error });
  }
}
