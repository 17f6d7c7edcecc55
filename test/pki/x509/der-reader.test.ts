import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DER_TAG, DerReader, assertStrictDer, readSmallInteger } from '../../../pki/x509/der-reader.ts';
import { derElement, derInteger, derSequence } from '../../../pki/x509/der-writer.ts';

const malformed = expect.objectContaining({ code: 'DER_MALFORMED' });

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

describe('strict DER', () => {
  it.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['content missing', '3003020101ff'.slice(0, 8)],
    ['trailing byte', '300302010100'],
    ['indefinite length', '30800201010000'],
    ['length in two octets for one', '308103020101'],
    ['length with a leading zero', '3082000302 0101'.replace(' ', '')],
    ['length over 16 MiB', '3084ffffffff'],
    ['integer with a leading zero', '3004020200 01'.replace(' ', '')],
    ['integer with leading ones', '30040202ff80'],
    ['integer of no octets', '30020200'],
    ['boolean of 01', '3003010101'],
    ['tag of several octets', '1f8101 00'.replace(' ', '')],
  ])('refuses %s', (_name, hex) => {
    expect(() => assertStrictDer(bytes(hex))).toThrow(malformed);
  });

  it('refuses 50,000 nested elements without exhausting the stack', () => {
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 60; depth += 1) nested = Buffer.from(derSequence(nested));
    expect(() => assertStrictDer(nested)).toThrow(malformed);
    expect(() => assertStrictDer(Buffer.alloc(100_000, bytes('3080')))).toThrow(malformed);
  });

  it('tells a truncation apart', () => {
    expect(() => new DerReader(bytes('30050201')).next()).toThrow(
      expect.objectContaining({ reason: 'truncated' }),
    );
  });

  it('reads what the writer writes, of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.nat(0xffffffff), (content, number) => {
        const element = derSequence(derElement(DER_TAG.octetString, content), derInteger(number));
        assertStrictDer(element);
        const fields = new DerReader(element).enter(DER_TAG.sequence);
        expect(Buffer.compare(fields.expect(DER_TAG.octetString).content, content)).toBe(0);
        const integer = fields.expect(DER_TAG.integer).content;
        expect(integer.reduce((value, octet) => value * 256 + octet, 0)).toBe(number);
        fields.end();
      }),
      { numRuns: 200 },
    );
  });

  it('never throws anything else on noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          assertStrictDer(noise);
        } catch (error) {
          expect(error).toEqual(malformed);
        }
      }),
    );
  });

  it('bounds small integers', () => {
    expect(readSmallInteger(bytes('7fffffff'))).toBe(0x7fffffff);
    expect(() => readSmallInteger(bytes('80'))).toThrow(malformed);
    expect(() => readSmallInteger(bytes('0100000000'))).toThrow(malformed);
  });
});
