import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  base64Length,
  decodeBase64Group,
  encodeBase64,
  isBase64Character,
} from '../../../smp/framing/base64-bytes.ts';

describe('base64 from bytes to bytes', () => {
  it('encodes as Node does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const target = new Uint8Array(base64Length(bytes.length) + 5).fill(0x2e);
        const end = encodeBase64(bytes, target, 3);
        expect(end).toBe(base64Length(bytes.length) + 3);
        expect(Buffer.from(target.subarray(3, end)).toString()).toBe(Buffer.from(bytes).toString('base64'));
        expect(Buffer.from(target.subarray(end)).toString()).toBe('..');
      }),
    );
  });

  it('decodes what Node encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3 }), (bytes) => {
        const target = new Uint8Array(3);
        const length = decodeBase64Group(Buffer.from(Buffer.from(bytes).toString('base64')), 0, target, 0);
        expect(target.subarray(0, length)).toEqual(bytes);
      }),
    );
  });

  it.each(['=AAA', 'A=AA', 'AA=A', '====', 'AA A', 'AAA\n', 'AA-_', '\u0000AAA'])(
    'refuses the group %j',
    (group) => {
      expect(decodeBase64Group(Buffer.from(group, 'latin1'), 0, new Uint8Array(3), 0)).toBe(0);
    },
  );

  it('knows its alphabet', () => {
    const alphabet = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => isBase64Character(byte));
    expect(String.fromCharCode(...alphabet)).toBe(
      '+/0123456789=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    );
  });
});
