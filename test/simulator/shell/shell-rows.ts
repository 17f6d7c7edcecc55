// What a shell UART says to keys and frames. Every row was observed on smpclient's native_sim shell build of Zephyr 4.4.0; the
// state that one row leaves is part of the next.

import { echo, frame, request } from '../smp/wire.ts';

/** Chunks, each read by the firmware at once, and all that it says to them; the time in a warning reads `[time]`. */
export interface ShellRow {
  readonly what: string;
  readonly chunks: readonly string[];
  readonly says: string;
}

const PROMPT = '\x1b[1;32muart:~$ \x1b[m';
const VERSION = `Zephyr version 4.4.0\r\n${PROMPT}`;
const [PARAMS = ''] = frame(request(0, 0, 6, 'a0'));
const ANSWER = '\x06\x09ACMJAAAZAAABBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9qCQ==\n';
const LOST = `\x1b[8D\x1b[J[time] \x1b[1;33m<wrn> smp_shell: Failed to alloc SMP buf\x1b[0m\r\n${PROMPT}`;
const notFound = (name: string): string => `\r\n\x1b[1;31m${name}: command not found\r\n\x1b[m${PROMPT}`;

/** To be put in this order to a shell that has just started. */
export const SHELL_ROWS: readonly ShellRow[] = [
  { what: 'Enter', chunks: ['\r'], says: `\r\n${PROMPT}` },
  { what: 'the other half of a CRLF', chunks: ['\n'], says: '' },
  { what: 'a command', chunks: ['kernel version\r'], says: `kernel version\r\n${VERSION}` },
  { what: 'a command and CRLF', chunks: ['kernel version\r\n'], says: `kernel version\r\n${VERSION}` },
  { what: 'a command and LF', chunks: ['kernel version\n'], says: `kernel version\r\n${VERSION}` },
  { what: 'an unknown command', chunks: ['foo\r'], says: `foo${notFound('foo')}` },
  { what: 'a frame', chunks: [PARAMS], says: ANSWER },
  {
    what: 'a frame in the middle of typing',
    chunks: ['kern', PARAMS, 'el version\r'],
    says: `kern${ANSWER}el version\r\n${VERSION}`,
  },
  { what: 'two frames at once', chunks: [PARAMS + PARAMS], says: ANSWER + ANSWER },
  { what: 'a frame of three lines at once', chunks: [frame(echo('x'.repeat(180))).join('')], says: LOST },
  { what: 'a frame after that', chunks: [PARAMS], says: ANSWER },
  {
    what: 'a frame behind typing, read at once',
    chunks: ['ab\x06\x09zz\n'],
    says: `abzz${notFound('abzz')}`,
  },
  { what: 'backspaces', chunks: ['abc\x7fd\x08\r'], says: `abc\x1b[1D\x1b[Jd\x1b[1D\x1b[J${notFound('ab')}` },
  { what: 'a line that is too long for a frame', chunks: [`\x06\x09${'A'.repeat(140)}\n`], says: '' },
  { what: 'a frame after that one', chunks: [PARAMS], says: ANSWER },
  { what: 'Ctrl-C', chunks: ['ab', '\x03'], says: `ab\r\n${PROMPT}` },
];

/** Output with its times made equal. */
export function withoutTimes(output: string): string {
  return output.replaceAll(/\[\d\d:\d\d:\d\d\.\d{3},\d{3}\]/g, '[time]');
}
