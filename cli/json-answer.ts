import { isSmpError } from '../smp/smp-error.ts';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { codeOf, reasonOf, sentenceOf } from './report-failure.ts';
import { documentsPrinted, printJson } from './terminal/stdout.ts';

/**
 * Runs a command that prints one JSON document: a failure is a document too, `{"error": {code, status, message, …}}`, unless the
 * command has printed what it found.
 */
export async function answering(command: () => Promise<void>): Promise<void> {
  const before = documentsPrinted();
  try {
    await command();
  } catch (error) {
    if (documentsPrinted() === before) printJson({ error: failureOf(error) });
    throw error;
  }
}

/** What a program needs of a failure: the code of the room it comes from, the exit status, and what was seen. */
export function failureOf(error: unknown): object {
  const reason = reasonOf(error);
  const cause = error instanceof Error && isSmpError(error.cause) ? error.cause : error;
  const smp = isSmpError(cause) ? cause : undefined;
  const code = cause instanceof Error && reason !== 'defect' ? codeOf(cause) : '';
  return {
    code: code === '' ? reason : code,
    status: EXIT_STATUS[reason].status,
    message: sentenceOf(error),
    ...(smp !== undefined && { seen: smp.seen }),
    ...(smp?.file !== undefined && { file: smp.file }),
  };
}
