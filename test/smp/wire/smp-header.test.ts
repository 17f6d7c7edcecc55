import { describe, expect, it } from 'vitest';
import { decodeSmpHeader, encodeSmpHeader } from '../../../smp/wire/smp-header.ts';
import type { SmpHeader } from '../../../smp/wire/smp-header.ts';

describe('the SMP header', () => {
  it.each<[string, string, SmpHeader]>([
    [
      'read, version 2',
      '0800000100004206',
      { op: 0, version: 2, length: 1, group: 0, sequence: 0x42, id: 6 },
    ],
    [
      'write response, version 2',
      '0b00001a00084300',
      { op: 3, version: 2, length: 26, group: 8, sequence: 67, id: 0 },
    ],
    [
      'write response, version 1',
      '0300000600084300',
      { op: 3, version: 1, length: 6, group: 8, sequence: 67, id: 0 },
    ],
    [
      'all fields large',
      '0a00fffeabcdff7f',
      { op: 2, version: 2, length: 0xfffe, group: 0xabcd, sequence: 255, id: 127 },
    ],
  ])('%s, both ways', (_, hex, header) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(decodeSmpHeader(bytes)).toEqual(header);
    const target = new Uint8Array(8);
    encodeSmpHeader(header, target);
    expect(Buffer.from(target).toString('hex')).toBe(hex);
  });

  it('is not there in fewer than 8 bytes', () => {
    expect(decodeSmpHeader(new Uint8Array(7))).toBeUndefined();
  });
});
