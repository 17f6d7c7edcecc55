import { CommanderError } from 'commander';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { certlineProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

/** Runs a command line, without the name of the program. The status is in `process.exitCode`; nothing is thrown. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await certlineProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    // Commander has already said what is wrong with the command line; help and version are no failures.
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_STATUS.usage.status;
    else process.exitCode = reportFailure(error);
  }
}
