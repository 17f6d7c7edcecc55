import type { DeviceError } from './device-error.ts';
import { printable } from './text/printable.ts';
import type { Seen } from './text/sightings.ts';

/** Every way in which this library can fail; the strings are stable. */
export const SMP_ERROR_CODES = [
  'LINK_NOT_FOUND', // no such port
  'LINK_BUSY', // another program holds the port
  'LINK_DENIED', // the operating system refuses the port to this user
  'LINK_FAILED', // the port cannot be opened for another reason
  'LINK_LOST', // it went away while in use: cable, power, reset of a USB device
  'SMP_TIMEOUT', // no answer in time
  'SMP_NOISE_ONLY', // bytes arrive, but never an SMP message
  'SMP_CRC', // answers arrive damaged
  'SMP_SHORT_FRAME', // answers arrive incomplete, or longer than they say
  'SMP_WRONG_COMMAND', // an answer to something that was not asked
  'SMP_MALFORMED_REPLY', // a sound frame whose content is not what the protocol says
  'SMP_DEVICE_ERROR', // the board answered with an error
  'SMP_UNSUPPORTED', // the board's firmware does not have this command
  'SMP_OFFSET_MISMATCH', // the board is at another offset than the transfer, even after starting again
  'SMP_READ_BACK_DIFFERS', // what was read back is not what was written
  'SMP_TOO_LARGE', // a message over a limit
  'SMP_FILE_TOO_LARGE', // a file on the board is larger than the caller expects
  'SMP_SHELL_FAILED', // a shell command ran on the board and reported failure
  'SMP_INVALID_ARGUMENT', // the caller asked for what cannot be
  'SMP_CANCELLED', // by the caller's AbortSignal
  'SMP_CLOSED', // by the caller's close()
] as const;

/** One of {@link SMP_ERROR_CODES}. */
export type SmpErrorCode = (typeof SMP_ERROR_CODES)[number];

/**
 * What is known about the file after a failed write. `unchanged`: nothing was written. `incomplete`: the board
 * has a beginning of the new content. `unverified`: every byte was accepted, none was read back. `different`:
 * read back, and not what was written. `unknown`: anything of these.
 */
export type FileKnowledge = 'unchanged' | 'incomplete' | 'unverified' | 'different' | 'unknown';

/** What may accompany an {@link SmpError}. */
export interface SmpErrorDetail {
  readonly cause?: unknown;
  readonly device?: DeviceError;
  readonly file?: FileKnowledge;
  readonly seen?: readonly Seen[];
}

/** The one error class of this library; `message` is a sentence for a person and never holds file content. */
export class SmpError extends Error {
  override readonly name = 'SmpError';
  readonly code: SmpErrorCode;
  /** The board's own words, when it answered with an error. */
  readonly device: DeviceError | undefined;
  /** What the port showed instead of an answer, the most telling first. */
  readonly seen: readonly Seen[];
  /** Set by `writeFile`: what is known about the file on the board. */
  file: FileKnowledge | undefined;

  constructor(code: SmpErrorCode, message: string, detail: SmpErrorDetail = {}) {
    // Boards decide what is in some sentences.
    super(printable(message), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.device = detail.device;
    this.file = detail.file;
    this.seen = detail.seen ?? [];
  }
}

/** True for an {@link SmpError} with one of the codes; by name, so that it also holds across package copies. */
export function isSmpError(error: unknown, ...codes: SmpErrorCode[]): error is SmpError {
  if (!(error instanceof Error) || error.name !== 'SmpError') return false;
  return codes.length === 0 || codes.includes((error as SmpError).code);
}

/** The request may succeed when it is repeated: nobody answered, or the answer was damaged on the way. */
export function isUnanswered(error: unknown): error is SmpError {
  return isSmpError(
    error,
    'SMP_TIMEOUT',
    'SMP_NOISE_ONLY',
    'SMP_CRC',
    'SMP_SHORT_FRAME',
    'SMP_WRONG_COMMAND',
  );
}
