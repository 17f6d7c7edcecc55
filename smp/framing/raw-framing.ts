import type { Framing } from './framing.ts';
import { RawDecoder } from './raw-decoder.ts';

/**
 * CONFIG_MCUMGR_TRANSPORT_RAW_UART (Zephyr 4.4) and the raw serial recovery of MCUboot: header and body, nothing
 * else. Without a CRC a wrong bit passes: read back what you write. 384 is the default buffer.
 */
export const RAW_FRAMING: Framing = {
  resynchronise: new Uint8Array(),
  safeMessageBytes: 384,
  maxMessageBytes: 0xffff,
  burstLimited: false,
  bufferOverhead: 0,
  encode: (message) => new Uint8Array(message),
  wireLength: (messageBytes) => messageBytes,
  createDecoder: (events) => new RawDecoder(events),
};
