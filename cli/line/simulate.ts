import { runSimulator, untilTold } from '../../simulator/simulate.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';

const LINE: Wanted = { content: 'the description of a virtual line, in JSON', maxBytes: 2 ** 20 };

/** `certline simulate`: virtual boards in a process of their own, until stopped or left by the parent. */
export async function runSimulatorCommand(options: { line: string; followParent?: boolean }): Promise<void> {
  await runSimulator(readLine(options.line), untilTold(options.followParent ?? false));
  // Ptys that a client still holds open would keep the process alive.
  process.exit();
}

function readLine(path: string): unknown {
  const text = readGivenFile(path, LINE).toString();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError('configuration', `${path} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
