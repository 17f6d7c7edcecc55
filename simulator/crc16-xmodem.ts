// CRC-16/XMODEM as Zephyr's `crc16_itu_t(0, …)` computes it: polynomial 0x1021, start 0, nothing reflected, nothing inverted.

/** CRC-16/XMODEM of `bytes`; "123456789" gives 0x31C3, and a message followed by its own CRC gives 0. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
