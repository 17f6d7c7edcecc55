import type { FileKnowledge, SmpError } from '../../smp/smp-error.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { holderText } from '../../fixtures/station/port-holder.ts';
import { CommandError } from '../exit-status.ts';
import { reasonOf } from '../report-failure.ts';
import { plain } from './plain.ts';

/** The state of the file after a transfer failed, for a person. */
const FILE_STANDING: Record<FileKnowledge, string> = {
  unchanged: 'The file on the board is as it was.',
  incomplete: 'The board has only a beginning of the file: put it again.',
  unverified: 'The board took the whole file, which was not read back: put it again.',
  different: 'The board does not hold what was sent.',
  unknown: 'What the board now holds is not known: put the file again.',
};

/** The error that a command ends with, in place of what `smp/` or the operating system threw. */
export function boardFailure(error: unknown, port: string): unknown {
  if (!isSmpError(error)) return error;
  if (error.code === 'LINK_BUSY') return busy(error, port);
  const sentence = withFile(error);
  return sentence === error.message ? error : new CommandError(reasonOf(error), sentence, { cause: error });
}

/** One line, fit for a terminal: the message may quote what the board printed. */
function withFile({ message, file }: SmpError): string {
  return plain(file === undefined ? message : `${message}. ${FILE_STANDING[file]}`);
}

function busy(error: SmpError, port: string): CommandError {
  const who = holderText(port);
  return new CommandError('portBusy', `${error.message}${who === undefined ? '' : ` (it is ${who})`}`, {
    cause: error,
  });
}
