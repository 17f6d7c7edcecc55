import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConsoleDecoder } from '../../../smp/framing/console-decoder.ts';
import { encodeConsoleFrame } from '../../../smp/framing/console-frame.ts';
import { decodeCborMap } from '../../../smp/wire/smp-cbor.ts';
import { decodeSmpHeader } from '../../../smp/wire/smp-header.ts';

interface FrameVectors {
  frames: { message: string; frame: string }[];
}

const PYTHON_SMP = JSON.parse(
  readFileSync(new URL('vectors/python-smp-frames.json', import.meta.url), 'utf8'),
) as FrameVectors;

function decodeOne(stream: Buffer): Buffer {
  const messages: Buffer[] = [];
  const decoder = new ConsoleDecoder({
    message: (bytes) => messages.push(Buffer.from(bytes)),
    text: () => undefined,
    damaged: (damage) => expect.fail(damage),
  });
  decoder.feed(stream);
  expect(messages).toHaveLength(1);
  return messages[0] as Buffer;
}

describe('frames that others made', () => {
  it.each(PYTHON_SMP.frames.map((vector) => [vector.message.length / 2, vector] as const))(
    "Python's smp, a message of %i bytes, both ways",
    (_, { message, frame }) => {
      expect(Buffer.from(encodeConsoleFrame(Buffer.from(message, 'hex'))).toString('hex')).toBe(frame);
      expect(decodeOne(Buffer.from(frame, 'hex')).toString('hex')).toBe(message);
    },
  );

  // Captured on real boards, quoted in public issues.
  it.each([
    [
      "mynewt-mcumgr#167: image list, asked by Go's mcumgr",
      'AAsAAAABAAFCAKD1Mw==',
      { op: 0, version: 1, length: 1, group: 1, sequence: 66, id: 0 },
      {},
    ],
    [
      'zephyr#53227: echo to an nRF52840 dongle',
      'AB8CAAAVAABCAKFhZHF0ZXN0IHRoaXMgaXMgTE9OR/+C',
      { op: 2, version: 1, length: 21, group: 0, sequence: 66, id: 0 },
      { d: 'test this is LONG' },
    ],
    [
      'mcumgr-client#38: an upload refused with rc 3',
      'ABADAAAGAAGjAb9icmMD/yT8',
      { op: 3, version: 1, length: 6, group: 1, sequence: 163, id: 1 },
      { rc: 3 },
    ],
  ])('%s', (_, base64, header, body) => {
    const message = decodeOne(Buffer.from(`\u0006\u0009${base64}\n`, 'latin1'));
    expect(decodeSmpHeader(message)).toEqual(header);
    expect(decodeCborMap(message.subarray(8))).toEqual(body);
    expect(Buffer.from(encodeConsoleFrame(message)).toString('latin1')).toBe(`\u0006\u0009${base64}\n`);
  });
});
