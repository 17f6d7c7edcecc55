const POLYNOMIAL = 0x1021;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc;
});

/**
 * CRC-16/XMODEM (polynomial 0x1021, initial value 0, nothing reflected) of the bytes. Over a message followed by
 * its own CRC, high byte first, it is 0.
 */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  // By index: iterating a typed array costs several times as much.
  for (let index = 0; index < bytes.length; index++) {
    crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ (bytes[index] as number)] as number);
  }
  return crc;
}
