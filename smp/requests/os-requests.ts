import type { SmpRequest } from '../wire/smp-request.ts';
import { text, unsigned } from '../wire/smp-request.ts';

const GROUP = 0;
const NOTHING = Object.freeze({});

/** What the board says of its receive buffers. */
export interface BufferParameters {
  /** Bytes of one buffer, the framing's own length and CRC included. */
  readonly bufferBytes: number;
  readonly bufferCount: number;
}

/** Returns the text it is sent. */
export const OS_ECHO: SmpRequest<{ text: string }, string> = {
  name: 'echo',
  group: GROUP,
  id: 0,
  op: 'write',
  pace: 'quick',
  repeat: 'freely',
  longReply: true,
  encode: (parameters) => ({ d: parameters.text }),
  parse: (body) => text(body, 'r'),
};

/** Restarts the board a quarter of a second after its answer. */
export const OS_RESET: SmpRequest<{ force: boolean }, true> = {
  name: 'reset',
  group: GROUP,
  id: 5,
  op: 'write',
  pace: 'quick',
  repeat: 'never',
  encode: (parameters): Record<string, number> => (parameters.force ? { force: 1 } : {}),
  parse: () => true,
};

/** Asks for the size and number of the board's buffers; an option of the firmware. */
export const OS_PARAMETERS: SmpRequest<void, BufferParameters> = {
  name: 'buffer parameters',
  group: GROUP,
  id: 6,
  op: 'read',
  pace: 'quick',
  repeat: 'freely',
  encode: () => NOTHING,
  parse: (body) => {
    const bufferBytes = unsigned(body, 'buf_size');
    const bufferCount = unsigned(body, 'buf_count');
    return bufferBytes === undefined || bufferCount === undefined ? undefined : { bufferBytes, bufferCount };
  },
};

/** Names of firmware, board and versions: one letter a field, as `uname`; `a` gives all. */
export const OS_INFO: SmpRequest<{ format: string }, string> = {
  name: 'system information',
  group: GROUP,
  id: 7,
  op: 'read',
  pace: 'quick',
  repeat: 'freely',
  encode: (parameters) => ({ format: parameters.format }),
  parse: (body) => text(body, 'output'),
};

/** Name of the bootloader, e.g. `MCUboot`. */
export const OS_BOOTLOADER: SmpRequest<void, string> = {
  name: 'bootloader',
  group: GROUP,
  id: 8,
  op: 'read',
  pace: 'quick',
  repeat: 'freely',
  encode: () => NOTHING,
  parse: (body) => text(body, 'bootloader'),
};
