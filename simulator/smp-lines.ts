// Zephyr's output side of "SMP over console" (subsys/mgmt/mcumgr/transport/src/serial_util.c): its lines are not greedy.

import { crc16Xmodem } from './crc16-xmodem.ts';

const FIRST_MARKER = '\x06\x09';
const LATER_MARKER = '\x04\x14';
/** Message bytes per line: 127 − 3 characters hold 93 raw bytes, and the first triple is spent once and never given back. */
const LINE_BUDGET = 90;

function lineEnd(message: Uint8Array, start: number): number {
  const left = message.length - start;
  const room = LINE_BUDGET - left;
  if (room < 0) return start + LINE_BUDGET;
  // One byte or none would be left for the CRC: the last triple goes to the next line with it.
  if (room < 2) return start + LINE_BUDGET - 3;
  return message.length;
}

/** The lines, marker and newline included, in which Zephyr sends `message`; their base64 joined is that of the whole packet. */
export function renderLines(message: Uint8Array): Uint8Array[] {
  const crc = crc16Xmodem(message);
  const length = message.length + 2;
  const lines: Uint8Array[] = [];
  for (let start = 0; start < message.length;) {
    const first = lines.length === 0;
    const end = lineEnd(message, first ? 1 : start);
    const raw = Buffer.from([
      ...(first ? [length >> 8, length & 0xff] : []),
      ...message.subarray(start, end),
      ...(end === message.length ? [crc >> 8, crc & 0xff] : []),
    ]);
    lines.push(Buffer.from(`${first ? FIRST_MARKER : LATER_MARKER}${raw.toString('base64')}\n`, 'latin1'));
    start = end;
  }
  return lines;
}
