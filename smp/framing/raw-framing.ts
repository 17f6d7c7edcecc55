import type { FrameDecoder, FrameEvents, Framing } from './framing.ts';
import { RawDecoder } from './raw-decoder.ts';
import { SMP_HEADER_BYTES } from '../wire/smp-header.ts';

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

/**
 * One message in each datagram, so that 1452 bytes are the most that pass an Ethernet in one piece over IPv6; Zephyr
 * cuts what is longer than 1500 (CONFIG_MCUMGR_TRANSPORT_UDP_MTU), whatever its buffers hold.
 */
export const DATAGRAM_FRAMING: Framing = {
  ...RAW_FRAMING,
  maxMessageBytes: 1452,
  createDecoder: (events) => new DatagramDecoder(events),
};

class DatagramDecoder implements FrameDecoder {
  readonly #events: FrameEvents;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  feed(bytes: Uint8Array): void {
    if (bytes.length < SMP_HEADER_BYTES) this.#events.damaged('length');
    else this.#events.message(new Uint8Array(bytes), bytes.length);
  }

  reset(): void {
    // Nothing is ever half received.
  }

  unanswered(): void {
    // Nor then.
  }
}
