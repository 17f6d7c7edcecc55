import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LineReceiver, type ReceiverLimits } from '../../simulator/line-receiver.ts';
import { echo, frame, request } from './wire.ts';

const LIMITS: ReceiverLimits = { rxLineSize: 128, rxLineCount: 2, rxFlowControl: false, netBufSize: 384 };
const HELLO = echo('hello');
const [HELLO_LINE = ''] = frame(HELLO);
const TWO_LINES = echo('x'.repeat(100));
const [FIRST = '', SECOND = ''] = frame(TWO_LINES);
const THREE_LINES = echo('x'.repeat(180));

function receive(
  pieces: readonly string[],
  gapMs: number,
  limits = LIMITS,
): { messages: Buffer[]; receiver: LineReceiver } {
  const receiver = new LineReceiver(limits, 1, () => true);
  const messages: Buffer[] = [];
  pieces.forEach((piece, index) => {
    receiver.feed(Buffer.from(piece, 'latin1'), index * gapMs, (message) =>
      messages.push(Buffer.from(message)),
    );
  });
  return { messages, receiver };
}

/** A request of exactly `size` bytes: params, with bytes behind it that the firmware ignores. */
function sized(size: number): Buffer {
  return request(0, 0, 6, `a0${'00'.repeat(size - 9)}`);
}

// Each row was put to smpclient's native_sim serial build of Zephyr 4.4.0 first; the last column is what it answered to.
describe('the receiver', () => {
  it.each<[string, readonly string[], number, readonly Buffer[]]>([
    ['takes CRLF', [HELLO_LINE.replace('\n', '\r\n')], 14, [HELLO]],
    ['takes a trailing blank', [HELLO_LINE.replace('\n', ' \n')], 14, [HELLO]],
    ['misses a frame glued to log text', [`log text${HELLO_LINE}`], 14, []],
    ['takes a lone newline first', ['\n', HELLO_LINE], 14, [HELLO]],
    ['drops a wrong CRC in silence', [`${HELLO_LINE.slice(0, 10)}zz${HELLO_LINE.slice(12)}`], 14, []],
    ['goes on after it', [`${HELLO_LINE.slice(0, 10)}zz${HELLO_LINE.slice(12)}`, HELLO_LINE], 14, [HELLO]],
    ['holds two lines of a burst', [FIRST + SECOND], 0, [TWO_LINES]],
    ['but not a newline and two lines', [`\n${FIRST}${SECOND}`], 0, []],
    ['nor three lines', [frame(THREE_LINES).join('')], 0, []],
    ['takes three lines with gaps', frame(THREE_LINES), 14, [THREE_LINES]],
    ['takes two of three requests in a burst', [HELLO_LINE.repeat(3)], 0, [HELLO, HELLO]],
    ['keeps a packet over log lines between its lines', [FIRST, 'some log line\n', SECOND], 14, [TWO_LINES]],
    ['drops a continuation without a start', [SECOND], 14, []],
    ['starts anew at every first marker', [FIRST, HELLO_LINE], 14, [HELLO]],
    ['waits for ever for the rest', [FIRST, SECOND], 1_000_000, [TWO_LINES]],
    ['takes 380 bytes', frame(sized(380)), 14, [sized(380)]],
    ['drops 381 bytes', frame(sized(381)), 14, []],
    ['drops a line over its buffer', [`\x06\x09${'A'.repeat(126)}\n`, HELLO_LINE], 14, [HELLO]],
    ['drops broken base64', [HELLO_LINE.replace('A', '*')], 14, []],
    ['drops a cut last group', [`${HELLO_LINE.slice(0, -2)}\n`], 14, []],
    ['drops a line that holds only the length', ['\x06\x09AAs=\n', '\x04\x14CAAAAQAAQgagAN4=\n'], 14, []],
    [
      'takes padding inside a packet',
      ['\x06\x09ABIKAAA=\n', '\x04\x14CQAAAQChYWRlaGVsbG8=\n', HELLO_LINE],
      14,
      [HELLO],
    ],
  ])('%s', (_what, pieces, gapMs, expected) => {
    expect(receive(pieces, gapMs).messages).toEqual(expected);
  });

  it('says why it dropped something', () => {
    expect(receive([frame(THREE_LINES).join('')], 0).receiver.drops).toEqual(['no-line-buffer']);
    expect(receive([`\x06\x09${'A'.repeat(126)}\n`], 0).receiver.drops).toEqual(['line-too-long']);
    expect(receive(['log\n', SECOND], 14).receiver.drops).toEqual([
      'not-a-frame',
      'continuation-without-start',
    ]);
  });

  it('loses no line where the UART has flow control', () => {
    const { messages } = receive([frame(THREE_LINES).join('')], 0, { ...LIMITS, rxFlowControl: true });
    expect(messages).toEqual([THREE_LINES]);
  });

  it('holds a packet buffer after garbage, as the firmware does', () => {
    expect(receive(['garbage\n'], 14).receiver.holdsNetBuf).toBe(true);
    expect(receive([HELLO_LINE], 14).receiver.holdsNetBuf).toBe(false);
  });

  it('survives any bytes and takes the next good frame after a newline', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (noise) => {
        const receiver = new LineReceiver(LIMITS, 1, () => true);
        const messages: Buffer[] = [];
        receiver.feed(noise, 0, () => undefined);
        receiver.feed(Buffer.from('\n'), 100, () => undefined);
        receiver.feed(Buffer.from(HELLO_LINE, 'latin1'), 200, (message) =>
          messages.push(Buffer.from(message)),
        );
        expect(messages).toEqual([HELLO]);
      }),
    );
  });
});
