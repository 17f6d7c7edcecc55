import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import type { ShellResult } from '../requests/shell-requests.ts';
import { isSmpError, SmpError } from '../smp-error.ts';
import { exec } from '../shell/exec.ts';
import { typeCommand } from '../shell/type-command.ts';

const NEEDED_OPTIONS = 'CONFIG_MCUMGR_GRP_SHELL, CONFIG_SHELL_BACKEND_DUMMY and CONFIG_FILE_SYSTEM_SHELL';

/**
 * Errno of the file system, as Zephyr's `fs` command prints them: `Error creating dir[-17]`, `Unable to open /x (err
 * -2)`.
 */
const PRINTED_ERRNO = /\[(-\d+)\]|\((?:err )?(-\d+)\)|(-\d+)\s*$/;

const ERRNO_MEANINGS: Record<string, string> = {
  '-5': "the board's file system reports an input/output error",
  '-28': "the board's file system is full",
  '-30': "the board's file system is read-only",
  '-39': 'the directory is not empty',
};

/** How a command of Zephyr's `fs` shell ended: done, the target exists already, or it or its parent is missing. */
export type FileCommandOutcome = 'done' | 'exists' | 'missing';

/** The outcome of a command and what it printed. */
export interface FileCommandResult {
  readonly outcome: FileCommandOutcome;
  readonly output: string;
  /** A typed command prints without limit; what the shell group collects is cut at the size of a buffer. */
  readonly isTyped: boolean;
}

type RunCommand = ShellResult & Pick<FileCommandResult, 'isTyped'>;

/**
 * Runs `fs <verb> <path>` in the board's shell, through the shell group or, where the shell shares the UART, typed;
 * such commands converge when they are repeated.
 */
export async function runFileCommand(
  client: SmpClient,
  verb: 'ls' | 'mkdir' | 'rm',
  path: string,
  options?: RequestOptions,
): Promise<FileCommandResult> {
  const { output, ret, isTyped } = await execOrExplain(client, ['fs', verb, path], options);
  if (ret === 0) return { outcome: 'done', output, isTyped };
  // All failures return ENOEXEC (-8): only the printed text distinguishes them.
  const errno = PRINTED_ERRNO.exec(output)?.slice(1).find(Boolean);
  if (errno === '-17') return { outcome: 'exists', output, isTyped };
  if (errno === '-2') return { outcome: 'missing', output, isTyped };
  if (errno === undefined && /command not found|not found|help/i.test(output))
    throw unsupported(client, verb);
  const meaning = ERRNO_MEANINGS[errno ?? ''] ?? `it printed "${output.trim()}" and returned ${ret}`;
  throw new SmpError(
    'SMP_SHELL_FAILED',
    `${client.name}: fs ${verb} ${path} failed on the board: ${meaning}`,
  );
}

async function execOrExplain(
  client: SmpClient,
  argv: readonly string[],
  options: RequestOptions | undefined,
): Promise<RunCommand> {
  try {
    return { ...(await exec(client, argv, { ...options, repeatable: true })), isTyped: false };
  } catch (error) {
    if (isSmpError(error, 'SMP_UNSUPPORTED')) return await typeOrExplain(client, argv, options, error);
    throw error;
  }
}

/** Where the shell shares the UART, its commands can be typed. */
async function typeOrExplain(
  client: SmpClient,
  argv: readonly string[],
  options: RequestOptions | undefined,
  refusal: SmpError,
): Promise<RunCommand> {
  try {
    const { output, ret } = await typeCommand(client, argv.join(' '), options);
    return { output, ret: ret ?? resultByText(argv[1], output), isTyped: true };
  } catch (error) {
    if (isSmpError(error, 'SMP_UNSUPPORTED')) throw unsupported(client, argv[1] ?? '', refusal);
    throw error;
  }
}

/**
 * A shell that does not report what a command returned: commands that change something print nothing when all is well.
 */
function resultByText(verb: string | undefined, output: string): number {
  const isFailure =
    verb === 'ls' ? PRINTED_ERRNO.test(output) || /not found|fail|error/i.test(output) : output.trim() !== '';
  return isFailure ? -1 : 0;
}

function unsupported(client: SmpClient, verb: string, cause?: SmpError): SmpError {
  const sentence = `${client.name}: the firmware offers no way to run fs ${verb}: switch on ${NEEDED_OPTIONS}, or make the directory in firmware at boot`;
  return new SmpError('SMP_UNSUPPORTED', sentence, {
    cause,
    ...(cause?.device === undefined ? {} : { device: cause.device }),
  });
}
