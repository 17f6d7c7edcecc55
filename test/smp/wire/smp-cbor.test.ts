import { Encoder } from 'cbor-x/index-no-eval';
import { describe, expect, it } from 'vitest';
import { decodeCborMap, encodeCborBehindHeader } from '../../../smp/wire/smp-cbor.ts';
import type { CborRequest } from '../../../smp/wire/smp-cbor.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('encodeCborBehindHeader', () => {
  // Bytes written out by hand from RFC 8949.
  it.each<[string, CborRequest, string]>([
    ['nothing', {}, 'a0'],
    ['a small integer', { off: 23 }, 'a1636f666617'],
    ['an integer of one byte', { off: 24 }, 'a1636f66661818'],
    ['an integer of two bytes', { off: 319 }, 'a1636f666619013f'],
    ['an integer of four bytes', { off: 0x12345678 }, 'a1636f66661a12345678'],
    ['a negative integer', { off: -2 }, 'a1636f666621'],
    ['text', { d: 'hé' }, 'a161646368c3a9'],
    ['bytes, untagged', { data: Uint8Array.of(1, 2, 3) }, 'a1646461746143010203'],
    ['no bytes', { data: new Uint8Array() }, 'a1646461746140'],
    ['a list', { argv: ['fs', 'ls'] }, 'a1646172677682626673626c73'],
    ['two keys in their order', { off: 0, name: '/a' }, 'a2636f666600646e616d65622f61'],
  ])('%s', (_, body, expected) => {
    expect(hex(encodeCborBehindHeader(body, 2))).toBe(`0000${expected}`);
  });

  it('leaves nothing of the bytes in the memory cbor-x keeps for the next encoding', () => {
    const secret = new Uint8Array(64).map((_, index) => 0xc0 ^ index);
    const message = encodeCborBehindHeader({ name: '/k', data: secret }, 8);
    expect(Buffer.from(message).includes(Buffer.from(secret))).toBe(true);
    const kept = Buffer.from(new Encoder().encode(1).buffer);
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept.includes(Buffer.from(secret))).toBe(false);
  });
});

describe('decodeCborMap', () => {
  it('takes indefinite maps, as Zephyr writes them, nested ones too', () => {
    const reply = Buffer.from('bf63657272bf6567726f7570086272630bff636c656e19013fff', 'hex');
    expect(decodeCborMap(reply)).toEqual({ err: { group: 8, rc: 11 }, len: 319 });
  });

  it('takes an empty map of both kinds', () => {
    expect(decodeCborMap(Buffer.from('bfff', 'hex'))).toEqual({});
    expect(decodeCborMap(Buffer.from('a0', 'hex'))).toEqual({});
  });

  it.each([
    '',
    '00',
    '80',
    '40',
    'bf',
    'bf6161',
    'a1',
    'a26161',
    'f6',
    'a0a0',
    'bf6161ff',
    'ff',
    '1c',
    'a1616158',
  ])('refuses %j', (bytes) => {
    expect(decodeCborMap(Buffer.from(bytes, 'hex'))).toBeUndefined();
  });
});
