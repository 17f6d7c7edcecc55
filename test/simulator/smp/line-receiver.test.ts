import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LineReceiver } from '../../../simulator/smp/line-receiver.ts';
import type { ReceiverLimits } from '../../../simulator/smp/line-receiver.ts';
import { HELLO, RECEIVER_ROWS, THREE_LINES, TWO_LINES } from './receiver-rows.ts';
import { frame } from './wire.ts';

const LIMITS: ReceiverLimits = { rxLineSize: 128, rxLineCount: 2, rxFlowControl: false, netBufSize: 384 };
const [HELLO_LINE = ''] = frame(HELLO);
const [FIRST = '', SECOND = ''] = frame(TWO_LINES);

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

describe('the receiver', () => {
  it.each(RECEIVER_ROWS)('$what', ({ pieces, gapMs, answered }) => {
    expect(receive(pieces, gapMs).messages).toEqual(answered);
  });

  it('waits for ever for the rest of a packet', () => {
    expect(receive([FIRST, SECOND], 1_000_000).messages).toEqual([TWO_LINES]);
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
