// "SMP over console": https://docs.zephyrproject.org/latest/services/device_mgmt/smp_transport.html
import { base64Length, encodeBase64 } from './base64-bytes.ts';
import { crc16Xmodem } from './crc16-xmodem.ts';

/** First two bytes of the first line of a packet. */
export const FIRST_LINE_MARKER = [0x06, 0x09] as const;
/** First two bytes of every further line of a packet. */
export const NEXT_LINE_MARKER = [0x04, 0x14] as const;
/** Ends every line. */
export const LINE_END = 0x0a;

/** Zephyr's MCUMGR_SERIAL_MAX_FRAME, marker and newline included; receive line buffers hold 128. */
const MAX_LINE_BYTES = 127;
const LINE_OVERHEAD_BYTES = 3;
/** 93: the whole base64 groups that fit a line, as bytes. */
const PACKET_BYTES_PER_LINE = Math.floor((MAX_LINE_BYTES - LINE_OVERHEAD_BYTES) / 4) * 3;

/** Two bytes of length in front of the message and two of CRC behind it. */
export const PACKET_OVERHEAD_BYTES = 4;

/**
 * Largest message that fits two lines, 182 bytes: what Zephyr's default of two receive line buffers takes when
 * the bytes come faster than its work queue drains them, as over USB or a pseudo-terminal.
 */
export const TWO_LINE_MESSAGE_BYTES = 2 * PACKET_BYTES_PER_LINE - PACKET_OVERHEAD_BYTES;

/** Largest message: a 16-bit length counts it and its CRC. */
export const MAX_MESSAGE_BYTES = 0xffff - 2;

/** One place for every packet, wiped behind each: a new one for each would cost more than the encoding. */
const scratch = new Uint8Array(MAX_MESSAGE_BYTES + PACKET_OVERHEAD_BYTES);

/** The lines of one message, ready to be written: lines as long as allowed, padding only in the last. */
export function encodeConsoleFrame(message: Uint8Array): Uint8Array {
  const packetBytes = encodePacket(message, scratch);
  const frame = new Uint8Array(consoleFrameLength(message.length));
  let at = 0;
  for (let start = 0; start < packetBytes; start += PACKET_BYTES_PER_LINE) {
    const marker = start === 0 ? FIRST_LINE_MARKER : NEXT_LINE_MARKER;
    frame[at] = marker[0];
    frame[at + 1] = marker[1];
    const end = Math.min(start + PACKET_BYTES_PER_LINE, packetBytes);
    at = encodeBase64(scratch, start, end, frame, at + 2);
    frame[at++] = LINE_END;
  }
  scratch.fill(0, 0, packetBytes);
  return frame;
}

/** Bytes on the wire for a message of that many bytes. */
export function consoleFrameLength(messageBytes: number): number {
  const packetBytes = messageBytes + PACKET_OVERHEAD_BYTES;
  return base64Length(packetBytes) + LINE_OVERHEAD_BYTES * Math.ceil(packetBytes / PACKET_BYTES_PER_LINE);
}

/** Returns the length of the packet. */
function encodePacket(message: Uint8Array, packet: Uint8Array): number {
  const length = message.length + 2; // counts the CRC, not itself
  const crc = crc16Xmodem(message);
  packet[0] = length >> 8;
  packet[1] = length & 0xff;
  packet.set(message, 2);
  packet[length] = crc >> 8;
  packet[length + 1] = crc & 0xff;
  return message.length + PACKET_OVERHEAD_BYTES;
}
