import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  base64Length,
  decodeBase64Group,
  decodeBase64Groups,
  encodeBase64,
  isBase64Character,
} from '../../../smp/framing/base64-bytes.ts';

describe('base64 from bytes to bytes', () => {
  it('encodes as Node does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const target = new Uint8Array(base64Length(bytes.length) + 5).fill(0x2e);
        const end = encodeBase64(bytes, 0, bytes.length, target, 3);
        expect(end).toBe(base64Length(bytes.length) + 3);
        expect(Buffer.from(target.subarray(3, end)).toString()).toBe(Buffer.from(bytes).toString('base64'));
        expect(Buffer.from(target.subarray(end)).toString()).toBe('..');
      }),
    );
  });

  it('encodes a piece as if it were alone', () => {
    const bytes = Buffer.from('abcdefgh');
    const target = new Uint8Array(8);
    expect(encodeBase64(bytes, 1, 6, target, 0)).toBe(8);
    expect(Buffer.from(target).toString()).toBe(bytes.toString('base64', 1, 6));
  });

  it('decodes as many whole groups as there are, and as many as there is room for', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(330), (bytes, room) => {
        const characters = Buffer.from(`..${Buffer.from(bytes).toString('base64')}\n`);
        const target = new Uint8Array(room + 1).fill(0x2e);
        const end = decodeBase64Groups(characters, 2, target, 1);
        const groups = Math.min(Math.floor(bytes.length / 3), Math.floor(room / 3));
        expect(end).toBe(2 + 4 * groups);
        expect(target.subarray(1, 1 + 3 * groups)).toEqual(bytes.subarray(0, 3 * groups));
        expect(target.subarray(1 + 3 * groups).every((byte) => byte === 0x2e)).toBe(true);
      }),
    );
  });

  it('stops in front of the group that is none', () => {
    const target = new Uint8Array(12);
    expect(decodeBase64Groups(Buffer.from('AAAABB=BCCCC'), 0, target, 0)).toBe(4);
    expect(decodeBase64Groups(Buffer.from('AAAABBBBCC C'), 0, target, 0)).toBe(8);
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
