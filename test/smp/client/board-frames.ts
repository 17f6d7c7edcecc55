// The board's side of the wire, written from the specification with Node's base64 and the CRC as a division: it shares
// nothing with the client, so that a symmetric mistake cannot hide.

/** A request as the board sees it. */
export interface BoardRequest {
  op: number;
  version: number;
  group: number;
  id: number;
  sequence: number;
  body: Record<string, unknown>;
  /** Header and body. */
  messageBytes: number;
}

/** What eight shifts do to the register, for each top byte; made bit by bit from the polynomial. */
const SHIFTED = Array.from({ length: 256 }, (_, top) => {
  let register = top << 8;
  for (let bit = 0; bit < 8; bit++) register = ((register << 1) ^ (register & 0x8000 ? 0x11021 : 0)) & 0xffff;
  return register;
});

/** CRC-16/XMODEM as a division: the message is followed by two zero bytes, then shifted through the register. */
function crcByDivision(bytes: Uint8Array): number {
  let register = 0;
  for (let index = 0; index < bytes.length + 2; index++) {
    const byte = index < bytes.length ? (bytes[index] as number) : 0;
    register = ((register << 8) & 0xffff) ^ byte ^ (SHIFTED[register >> 8] as number);
  }
  return register;
}

/** The request in a written frame; throws when the frame is not exactly what the firmware takes. */
export function parseRequestFrame(frame: Buffer): BoardRequest {
  const lines = frame.toString('latin1').split('\n');
  if (lines.pop() !== '') throw new Error('no newline at the end');
  const packets = lines.map((line, index) => {
    const marker = line.slice(0, 2);
    if (marker !== (index === 0 ? '\u0006\u0009' : '\u0004\u0014'))
      throw new Error(`marker of line ${index}`);
    if (line.length + 1 > 128) throw new Error('line too long');
    return Buffer.from(line.slice(2), 'base64');
  });
  return parsePacket(Buffer.concat(packets));
}

function parsePacket(packet: Buffer): BoardRequest {
  const message = packet.subarray(2, -2);
  if (packet.readUInt16BE(0) !== packet.length - 2) throw new Error('length');
  if (crcByDivision(message) !== packet.readUInt16BE(packet.length - 2)) throw new Error('crc');
  return parseMessage(message);
}

/** The request in a message without framing. */
export function parseMessage(message: Buffer): BoardRequest {
  if (message.readUInt16BE(2) !== message.length - 8) throw new Error('header length');
  const [body, end] = readCbor(message, 8);
  if (end !== message.length) throw new Error('bytes after the body');
  return {
    op: (message[0] as number) & 7,
    version: (message[0] as number) >> 3,
    group: message.readUInt16BE(4),
    sequence: message[6] as number,
    id: message[7] as number,
    body: body as Record<string, unknown>,
    messageBytes: message.length,
  };
}

/** A reply without framing. */
export function replyMessage(
  request: Pick<BoardRequest, 'op' | 'version' | 'group' | 'id' | 'sequence'>,
  body: Buffer,
): Buffer {
  const header = Buffer.alloc(8);
  header[0] = (request.version << 3) | (request.op === 0 ? 1 : 3);
  header.writeUInt16BE(body.length, 2);
  header.writeUInt16BE(request.group, 4);
  header[6] = request.sequence;
  header[7] = request.id;
  return Buffer.concat([header, body]);
}

/** Zephyr's lines for a message: 90 bytes of message in each, the length riding in the first. */
export function consoleLines(message: Buffer): string {
  const packet = Buffer.alloc(message.length + 4);
  packet.writeUInt16BE(message.length + 2, 0);
  message.copy(packet, 2);
  packet.writeUInt16BE(crcByDivision(message), message.length + 2);
  let lines = '';
  for (let at = 0; at < packet.length;) {
    const length = at === 0 ? 93 : 90;
    lines += `${at === 0 ? '\u0006\u0009' : '\u0004\u0014'}${packet.subarray(at, at + length).toString('base64')}\n`;
    at += length;
  }
  return lines;
}

/** A map as Zephyr writes it, of indefinite length. */
export function cborMap(entries: Record<string, unknown>): Buffer {
  const parts = Object.entries(entries).flatMap(([key, value]) => [writeCbor(key), writeCbor(value)]);
  return Buffer.concat([Buffer.of(0xbf), ...parts, Buffer.of(0xff)]);
}

function writeCbor(value: unknown): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.of(0x9f), ...value.map(writeCbor), Buffer.of(0xff)]);
  return cborMap(value as Record<string, unknown>);
}

function head(major: number, value: number): Buffer {
  const type = major << 5;
  if (value < 24) return Buffer.of(type | value);
  if (value < 0x100) return Buffer.of(type | 24, value);
  if (value < 0x10000) return Buffer.of(type | 25, value >> 8, value & 0xff);
  const bytes = Buffer.of(type | 26, 0, 0, 0, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

type Read = [value: unknown, end: number];

function readCbor(bytes: Buffer, at: number): Read {
  const first = bytes[at] as number;
  const extra = [0, 1, 2, 4][Math.max(0, (first & 31) - 23)] as number;
  const count = extra === 0 ? first & 31 : bytes.readUIntBE(at + 1, extra);
  const start = at + 1 + extra;
  switch (first >> 5) {
    case 0:
      return [count, start];
    case 1:
      return [-1 - count, start];
    case 2:
      return [Buffer.from(bytes.subarray(start, start + count)), start + count];
    case 3:
      return [bytes.toString('utf8', start, start + count), start + count];
    case 4:
      return readList(bytes, start, count);
    case 5:
      return readMap(bytes, start, count);
    default:
      throw new Error(`CBOR the firmware does not take: ${first.toString(16)}`);
  }
}

function readList(bytes: Buffer, start: number, count: number): Read {
  const list: unknown[] = [];
  let at = start;
  for (let index = 0; index < count; index++) {
    const [value, end] = readCbor(bytes, at);
    list.push(value);
    at = end;
  }
  return [list, at];
}

function readMap(bytes: Buffer, start: number, count: number): Read {
  const [flat, end] = readList(bytes, start, count * 2);
  const list = flat as unknown[];
  const map: Record<string, unknown> = {};
  for (let index = 0; index < list.length; index += 2) map[list[index] as string] = list[index + 1];
  return [map, end];
}
