import { isSmpError } from '../../smp/smp-error.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { reasonOf } from '../report-failure.ts';
import { printJson } from '../terminal/stdout.ts';
import type { BoardOptions } from './board-session.ts';

/** One document a command, also if it fails after it printed what it found. */
let isTold = false;

/** Prints what a command found as its one JSON document. */
export function tellJson(document: object): void {
  isTold = true;
  printJson(document);
}

/** Runs a command; with `--json` its failure is a document too: `{"error": {code, status, message, …}}`. */
export async function answering(
  options: Pick<BoardOptions, 'json'>,
  command: () => Promise<void>,
): Promise<void> {
  try {
    await command();
  } catch (error) {
    if (options.json === true && !isTold) tellJson({ error: failureOf(error) });
    throw error;
  }
}

/** What a program needs of a failure: the code of the room it comes from, the exit status, and what was seen. */
export function failureOf(error: unknown): object {
  const reason = reasonOf(error);
  const cause = error instanceof Error && isSmpError(error.cause) ? error.cause : error;
  const smp = isSmpError(cause) ? cause : undefined;
  return {
    code: smp?.code ?? reason,
    status: EXIT_STATUS[reason].status,
    message: error instanceof Error ? error.message : String(error),
    ...(smp !== undefined && { seen: smp.seen }),
    ...(smp?.file !== undefined && { file: smp.file }),
  };
}
