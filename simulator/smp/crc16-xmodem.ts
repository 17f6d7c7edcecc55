// CRC-16/XMODEM as Zephyr's `crc16_itu_t(0, …)` computes it: polynomial 0x1021, start 0, nothing reflected, nothing
// inverted.

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** CRC-16/XMODEM of `bytes`; "123456789" gives 0x31C3, and a message followed by its own CRC gives 0. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (TABLE[(crc >> 8) ^ byte] ?? 0);
  return crc;
}
