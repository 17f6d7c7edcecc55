// Zephyr's output side of "SMP over console" (subsys/mgmt/mcumgr/transport/src/serial_util.c): its lines are not
// greedy.

import { crc16Xmodem } from './crc16-xmodem.ts';

const FIRST_MARKER = '\x06\x09';
const LATER_MARKER = '\x04\x14';
/**
 * Message bytes per line: 127 − 3 characters hold 93 raw bytes, and the first triple is spent once and never given
 * back.
 */
const LINE_BUDGET = 90;

function lineEnd(message: Uint8Array, start: number): number {
  const left = message.length - start;
  const room = LINE_BUDGET - left;
  if (room < 0) return start + LINE_BUDGET;
  // One byte or none would be left for the CRC: the last triple goes to the next line with it.
  if (room < 2) return start + LINE_BUDGET - 3;
  return message.length;
}

function renderPacket(message: Uint8Array): string {
  const packet = Buffer.alloc(message.length + 4);
  packet.writeUInt16BE(message.length + 2, 0);
  packet.set(message, 2);
  packet.writeUInt16BE(crc16Xmodem(message), message.length + 2);
  return packet.toString('base64');
}

/**
 * The lines, marker and newline included, in which Zephyr sends `message`; their base64 joined is that of the whole
 * packet.
 */
export function renderLines(message: Uint8Array): Uint8Array[] {
  const base64 = renderPacket(message);
  const lines: Uint8Array[] = [];
  // The first triple is the length and message byte 0: from there on message bytes and characters keep step.
  for (let start = 0, cut = 0; start < message.length;) {
    const end = lineEnd(message, Math.max(start, 1));
    const next = end === message.length ? base64.length : ((end + 2) / 3) * 4;
    const marker = start === 0 ? FIRST_MARKER : LATER_MARKER;
    lines.push(Buffer.from(`${marker}${base64.slice(cut, next)}\n`, 'latin1'));
    start = end;
    cut = next;
  }
  return lines;
}
