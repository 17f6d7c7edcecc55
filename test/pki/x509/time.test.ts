import { describe, expect, it } from 'vitest';
import { DerReader } from '../../../pki/x509/der-reader.ts';
import { derTime, readTime } from '../../../pki/x509/time.ts';

describe('an X.509 time', () => {
  it.each([
    ['1949-12-31T23:59:59Z', 0x18, '19491231235959Z'],
    ['1950-01-01T00:00:00Z', 0x17, '500101000000Z'],
    ['1999-12-31T23:59:59Z', 0x17, '991231235959Z'],
    ['2026-11-29T04:05:06Z', 0x17, '261129040506Z'],
    ['2049-12-31T23:59:59Z', 0x17, '491231235959Z'],
    ['2050-01-01T00:00:00Z', 0x18, '20500101000000Z'],
    ['9999-12-31T23:59:59Z', 0x18, '99991231235959Z'],
  ])('%s has tag %i and reads %s: the form depends on the year (RFC 5280 §4.1.2.5)', (iso, tag, text) => {
    const der = derTime(new Date(iso));
    expect([...der.subarray(0, 2)]).toEqual([tag, text.length]);
    expect(Buffer.from(der.subarray(2)).toString()).toBe(text);
    expect(readTime(new DerReader(der).next())).toEqual(new Date(iso));
  });

  it('has no fractions of a second', () => {
    expect(derTime(new Date('2026-01-01T00:00:00.999Z'))).toEqual(derTime(new Date('2026-01-01T00:00:00Z')));
  });
});
