import { describe, expect, it } from 'vitest';
import { crc16Xmodem } from '../../../smp/framing/crc16-xmodem.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('crc16Xmodem', () => {
  it.each([
    ["the catalogue's check string 123456789", '313233343536373839', 0x31c3],
    ['params request', '0800000100004206a0', 0x00de],
    ['params reply', '0900001900004206bf686275665f73697a65190180696275665f636f756e7404ff', 0x5c86],
    [
      'fs offset error, version 2',
      '0b00001a00084300bf63657272bf6567726f7570086272630bff636c656e19013fff',
      0xc435,
    ],
    ['fs offset error, version 1', '0300000600084300bf62726301ff', 0x481a],
    ['nothing', '', 0],
  ])('of %s', (_, hex, crc) => {
    expect(crc16Xmodem(bytes(hex))).toBe(crc);
  });

  it('is 0 over bytes followed by their CRC', () => {
    expect(crc16Xmodem(bytes('31323334353637383931c3'))).toBe(0);
  });
});
