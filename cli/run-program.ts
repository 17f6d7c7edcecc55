import { CommanderError } from 'commander';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { certlineProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';
import { printJson } from './terminal/stdout.ts';

/** Runs a command line, without the name of the program. The status is in `process.exitCode`; nothing is thrown. */
export async function runProgram(args: readonly string[]): Promise<void> {
  try {
    await certlineProgram().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = statusOf(error, args);
    else process.exitCode = reportFailure(error);
  }
}

/** Commander has already said to people what is wrong with the command line; help and version are no failures. */
function statusOf({ exitCode, code, message }: CommanderError, args: readonly string[]): number {
  if (exitCode === 0) return 0;
  const { status } = EXIT_STATUS.usage;
  const says =
    code === 'commander.help' ? 'a command is missing: see --help' : message.replace(/^error: /, '');
  if (isForPrograms(args)) printJson({ error: { code: 'usage', status, message: says } });
  return status;
}

/** The command line was not understood, so its option `--json` counts wherever it stands. */
function isForPrograms(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}
