import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { crc16Xmodem } from '../../../simulator/smp/crc16-xmodem.ts';
import { renderLines } from '../../../simulator/smp/smp-lines.ts';
import { hex } from './wire.ts';

const lengths = (size: number): number[] => renderLines(new Uint8Array(size)).map((line) => line.length);

describe('Zephyr console lines', () => {
  it.each([
    ['a params request', '0800000100004206a0', 'AAsIAAABAABCBqAA3g=='],
    [
      'its answer',
      '0900001900004206bf686275665f73697a65190180696275665f636f756e7404ff',
      'ACMJAAAZAABCBr9oYnVmX3NpemUZAYBpYnVmX2NvdW50BP9chg==',
    ],
    [
      'an offset error of version 2',
      '0b00001a00084300bf63657272bf6567726f7570086272630bff636c656e19013fff',
      'ACQLAAAaAAhDAL9jZXJyv2Vncm91cAhicmML/2NsZW4ZAT//xDU=',
    ],
    ['the same of version 1', '0300000600084300bf62726301ff', 'ABADAAAGAAhDAL9icmMB/0ga'],
  ])('frames %s as the golden vector', (_what, message, base64) => {
    const lines = renderLines(hex(message)).map((line) => Buffer.from(line).toString('latin1'));
    expect(lines).toEqual([`\x06\x09${base64}\n`]);
  });

  it.each([
    [89, [127]],
    [90, [123, 11]],
    [91, [123, 11]],
    [92, [127, 7]],
    [180, [127, 119, 11]],
    [370, [127, 123, 123, 123, 19]],
  ])('cuts a message of %i bytes as Zephyr does', (size, expected) => {
    expect(lengths(size)).toEqual(expected);
  });

  it('never makes a line over 127 bytes, nor one without message bytes, and loses nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 2100 }), (message) => {
        const lines = renderLines(message).map((line) => Buffer.from(line).toString('latin1'));
        const crc = crc16Xmodem(message);
        const length = message.length + 2;
        const packet = Buffer.from([length >> 8, length & 0xff, ...message, crc >> 8, crc & 0xff]);
        expect(lines.map((line) => line.slice(2, -1)).join('')).toBe(packet.toString('base64'));
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(127);
        // The CRC alone would be 2 bytes: 4 characters, a line of 7 with at least one message byte is 7 or more.
        expect(Buffer.from(lines.at(-1)?.slice(2, -1) ?? '', 'base64').length).toBeGreaterThan(2);
      }),
    );
  });

  it('checks itself against the CRC catalogue', () => {
    expect(crc16Xmodem(Buffer.from('123456789'))).toBe(0x31c3);
  });
});
