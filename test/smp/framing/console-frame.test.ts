import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consoleFrameLength,
  encodeConsoleFrame,
  TWO_LINE_MESSAGE_BYTES,
} from '../../../smp/framing/console-frame.ts';

const FIRST = '\u0006\u0009';
const NEXT = '\u0004\u0014';

function linesOf(messageBytes: number): string[] {
  const frame = Buffer.from(encodeConsoleFrame(new Uint8Array(messageBytes).fill(0xa5))).toString('latin1');
  expect(frame.endsWith('\n')).toBe(true);
  return frame.slice(0, -1).split('\n');
}

describe('encodeConsoleFrame', () => {
  // Computed once from Zephyr's description of the framing, independently of this code.
  it.each([
    ['params request', '0800000100004206a0', 'AAsIAAABAABCBqAA3g=='],
    [
      'params reply',
      '0900001900004206bf686275665f73697a65190180696275665f636f756e7404ff',
      'ACMJAAAZAABCBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9chg==',
    ],
    [
      'fs offset error, version 2',
      '0b00001a00084300bf63657272bf6567726f7570086272630bff636c656e19013fff',
      'ACQLAAAaAAhDAL9jZXJyv2Vncm91cAhicmML/2NsZW4ZAT//xDU=',
    ],
    ['fs offset error, version 1', '0300000600084300bf62726301ff', 'ABADAAAGAAhDAL9icmMB/0ga'],
  ])('makes the golden frame: %s', (_, message, base64) => {
    const frame = encodeConsoleFrame(Buffer.from(message, 'hex'));
    expect(Buffer.from(frame).toString('latin1')).toBe(`${FIRST}${base64}\n`);
  });

  it.each([
    [89, [127]],
    [90, [127, 7]],
    [182, [127, 127]],
    [183, [127, 127, 7]],
    [380, [127, 127, 127, 127, 19]],
  ])('cuts %i bytes into lines of %j bytes', (messageBytes, expected) => {
    const lines = linesOf(messageBytes);
    expect(lines.map((line) => line.length + 1)).toEqual(expected);
    expect(lines.map((line) => line.slice(0, 2))).toEqual(
      lines.map((_, index) => (index === 0 ? FIRST : NEXT)),
    );
  });

  it('keeps every line whole base64 groups of at most 127 bytes, padding only at the end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 3000 }), (messageBytes) => {
        const lines = linesOf(messageBytes);
        expect(Math.max(...lines.map((line) => line.length + 1))).toBeLessThanOrEqual(127);
        expect(lines.every((line) => (line.length - 2) % 4 === 0)).toBe(true);
        expect(lines.slice(0, -1).some((line) => line.includes('='))).toBe(false);
        expect(lines.join('\n').length + 1).toBe(consoleFrameLength(messageBytes));
      }),
    );
  });

  it('takes exactly two lines for the largest message that is safe in a burst', () => {
    expect(TWO_LINE_MESSAGE_BYTES).toBe(182);
    expect(linesOf(TWO_LINE_MESSAGE_BYTES)).toHaveLength(2);
    expect(linesOf(TWO_LINE_MESSAGE_BYTES + 1)).toHaveLength(3);
  });
});
