import { readFileSync } from 'node:fs';
import { runSimulator, untilTold } from '../../simulator/simulate.ts';
import { CommandError } from '../exit-status.ts';

/** `certline simulate`: virtual boards in a process of their own, until stopped or left by the parent. */
export async function runSimulatorCommand(options: { line: string; followParent?: boolean }): Promise<void> {
  await runSimulator(readLine(options.line), untilTold(options.followParent ?? false));
  // Ptys that a client still holds open would keep the process alive.
  process.exit();
}

function readLine(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(
      'unknown',
      `The virtual line ${path} cannot be read: give the path of a JSON file.`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError('configuration', `${path} is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
