const POLYNOMIAL = 0x1021;
/**
 * Bytes taken in one step: each lookup waits for the one before, so one step for several bytes is several times as
 * fast.
 */
const STRIDE = 8;
const TABLE_SIZE = 256;

/**
 * For each byte of a stride, what it makes of the register by the end of it; the last byte's table is the usual one.
 */
const TABLES = makeTables();

function makeTables(): Uint16Array {
  const tables = new Uint16Array(STRIDE * TABLE_SIZE);
  for (let byte = 0; byte < TABLE_SIZE; byte++) {
    let crc = byte << 8;
    for (let place = 0; place < STRIDE; place++) {
      for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1) & 0xffff;
      tables[place * TABLE_SIZE + byte] = crc;
    }
  }
  return tables;
}

/**
 * CRC-16/XMODEM (polynomial 0x1021, initial value 0, nothing reflected) of the bytes. Over a message followed by
 * its own CRC, high byte first, it is 0.
 */
export function crc16Xmodem(bytes: Uint8Array): number {
  const at = (place: number, byte: number): number => TABLES[place * TABLE_SIZE + byte] as number;
  let crc = 0;
  let index = 0;
  for (; index + STRIDE <= bytes.length; index += STRIDE) {
    crc =
      at(7, (bytes[index] as number) ^ (crc >> 8)) ^
      at(6, (bytes[index + 1] as number) ^ (crc & 0xff)) ^
      at(5, bytes[index + 2] as number) ^
      at(4, bytes[index + 3] as number) ^
      at(3, bytes[index + 4] as number) ^
      at(2, bytes[index + 5] as number) ^
      at(1, bytes[index + 6] as number) ^
      at(0, bytes[index + 7] as number);
  }
  for (; index < bytes.length; index++) {
    crc = ((crc << 8) & 0xffff) ^ at(0, (crc >> 8) ^ (bytes[index] as number));
  }
  return crc;
}
