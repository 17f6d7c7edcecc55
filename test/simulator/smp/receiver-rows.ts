// What a receiver does with lines that are late, long, torn or noisy: put to a real Zephyr and to the virtual board.

import { echo, frame, request } from './wire.ts';

/** Pieces written one after the other with a gap, and the requests among them that get an answer. */
export interface ReceiverRow {
  readonly what: string;
  readonly pieces: readonly string[];
  readonly gapMs: number;
  readonly answered: readonly Buffer[];
}

/** A request in one line. */
export const HELLO: Buffer = echo('hello');
/** A request in two lines, which is what two line buffers take of a burst. */
export const TWO_LINES: Buffer = echo('x'.repeat(100));
/** A request in three lines. */
export const THREE_LINES: Buffer = echo('x'.repeat(180));

/** Longer than native_sim's poll of its pty, 10 ms. */
const GAP_MS = 14;
const [HELLO_LINE = ''] = frame(HELLO);
const [FIRST = '', SECOND = ''] = frame(TWO_LINES);

/** A request of exactly `size` bytes: params, with bytes behind it that the firmware ignores. */
function sized(size: number): Buffer {
  return request(0, 0, 6, `a0${'00'.repeat(size - 9)}`);
}

/** Every row is what Zephyr 4.4.0 does. */
export const RECEIVER_ROWS: readonly ReceiverRow[] = (
  [
    ['takes CRLF', [HELLO_LINE.replace('\n', '\r\n')], GAP_MS, [HELLO]],
    ['takes a trailing blank', [HELLO_LINE.replace('\n', ' \n')], GAP_MS, [HELLO]],
    ['misses a frame glued to log text', [`log text${HELLO_LINE}`], GAP_MS, []],
    ['takes a lone newline first', ['\n', HELLO_LINE], GAP_MS, [HELLO]],
    ['drops a wrong CRC in silence', [`${HELLO_LINE.slice(0, 10)}zz${HELLO_LINE.slice(12)}`], GAP_MS, []],
    [
      'goes on after it',
      [`${HELLO_LINE.slice(0, 10)}zz${HELLO_LINE.slice(12)}`, HELLO_LINE],
      GAP_MS,
      [HELLO],
    ],
    ['holds two lines of a burst', [FIRST + SECOND], 0, [TWO_LINES]],
    ['but not a newline and two lines', [`\n${FIRST}${SECOND}`], 0, []],
    ['nor three lines', [frame(THREE_LINES).join('')], 0, []],
    ['takes three lines with gaps', frame(THREE_LINES), GAP_MS, [THREE_LINES]],
    ['takes two of three requests in a burst', [HELLO_LINE.repeat(3)], 0, [HELLO, HELLO]],
    [
      'keeps a packet over log lines between its lines',
      [FIRST, 'some log line\n', SECOND],
      GAP_MS,
      [TWO_LINES],
    ],
    ['drops a continuation without a start', [SECOND], GAP_MS, []],
    ['starts anew at every first marker', [FIRST, HELLO_LINE], GAP_MS, [HELLO]],
    ['takes 380 bytes', frame(sized(380)), GAP_MS, [sized(380)]],
    ['drops 381 bytes', frame(sized(381)), GAP_MS, []],
    ['drops a line over its buffer', [`\x06\x09${'A'.repeat(126)}\n`, HELLO_LINE], GAP_MS, [HELLO]],
    ['drops broken base64', [HELLO_LINE.replace('A', '*')], GAP_MS, []],
    ['drops a cut last group', [`${HELLO_LINE.slice(0, -2)}\n`], GAP_MS, []],
    ['drops a line that holds only the length', ['\x06\x09AAs=\n', '\x04\x14CAAAAQAAQgagAN4=\n'], GAP_MS, []],
    [
      'takes padding inside a packet',
      ['\x06\x09ABIKAAA=\n', '\x04\x14CQAAAQChYWRlaGVsbG8=\n', HELLO_LINE],
      GAP_MS,
      [HELLO],
    ],
  ] as readonly [string, readonly string[], number, readonly Buffer[]][]
).map(([what, pieces, gapMs, answered]) => ({ what, pieces, gapMs, answered }));
