// Hand-made requests for the simulator's tests: no code of the simulator and none of the client, only the specification.

/** The bytes of hex text; blanks are for the reader. */
export function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(/\s/g, ''), 'hex');
}

/** A text string in CBOR, up to 255 bytes. */
export function text(value: string): string {
  const raw = Buffer.from(value, 'latin1');
  const head =
    raw.length < 24 ? (0x60 + raw.length).toString(16) : `78${raw.length.toString(16).padStart(2, '0')}`;
  return head + raw.toString('hex');
}

/** A byte string in CBOR, up to 65535 bytes. */
export function bytes(value: Uint8Array): string {
  const size = value.length;
  if (size < 24) return (0x40 + size).toString(16) + Buffer.from(value).toString('hex');
  const head =
    size < 256 ? `58${size.toString(16).padStart(2, '0')}` : `59${size.toString(16).padStart(4, '0')}`;
  return head + Buffer.from(value).toString('hex');
}

/** An unsigned integer in CBOR, up to 65535. */
function uint(value: number): string {
  if (value < 24) return value.toString(16).padStart(2, '0');
  return value < 256
    ? `18${value.toString(16).padStart(2, '0')}`
    : `19${value.toString(16).padStart(4, '0')}`;
}

/** A request: version, op, group, sequence, command id, CBOR in hex. */
export function request(
  op: number,
  group: number,
  id: number,
  cbor: string,
  sequence = 1,
  version = 1,
): Buffer {
  const body = hex(cbor);
  const head = [
    (version << 3) | op,
    0,
    body.length >> 8,
    body.length & 0xff,
    group >> 8,
    group & 0xff,
    sequence,
    id,
  ];
  return Buffer.concat([Buffer.from(head), body]);
}

/** An fs upload chunk; `length` only in the first. */
export function upload(path: string, offset: number, data: Uint8Array, length?: number): Buffer {
  const total = length === undefined ? '' : text('len') + uint(length);
  const pairs = length === undefined ? 'a3' : 'a4';
  return request(
    2,
    8,
    0,
    `${pairs}${text('off')}${uint(offset)}${text('name')}${text(path)}${text('data')}${bytes(data)}${total}`,
  );
}

/** An fs download request. */
export function download(path: string, offset: number): Buffer {
  return request(0, 8, 0, `a2${text('off')}${uint(offset)}${text('name')}${text(path)}`);
}

/** An fs status request. */
export function status(path: string): Buffer {
  return request(0, 8, 1, `a1${text('name')}${text(path)}`);
}

/** The fs close request. */
export function close(): Buffer {
  return request(2, 8, 4, 'a0');
}

/** A shell command, one array element. */
export function shell(line: string): Buffer {
  return request(2, 9, 0, `a1${text('argv')}81${text(line)}`);
}

/** An os echo of `value`. */
export function echo(value: string, sequence = 1): Buffer {
  return request(2, 0, 0, `a1${text('d')}${text(value)}`, sequence);
}

/** CRC-16/XMODEM by shift register, written apart from the simulator's. */
function crc(data: Uint8Array): number {
  return data.reduce((state, byte) => {
    let register = state ^ (byte << 8);
    for (let i = 0; i < 8; i++) register = register & 0x8000 ? (register * 2) ^ 0x11021 : register * 2;
    return register;
  }, 0);
}

/** Console lines of a message as a client sends them: 127 bytes, the last one shorter. */
export function frame(message: Uint8Array): string[] {
  const packet = Buffer.alloc(message.length + 4);
  packet.writeUInt16BE(message.length + 2, 0);
  packet.set(message, 2);
  packet.writeUInt16BE(crc(message), message.length + 2);
  const base64 = packet.toString('base64');
  return Array.from({ length: Math.ceil(base64.length / 124) }, (_, index) => {
    const marker = index === 0 ? '\x06\x09' : '\x04\x14';
    return `${marker}${base64.slice(index * 124, index * 124 + 124)}\n`;
  });
}

/** The messages in console output; lines that are no frames are skipped, a wrong CRC throws. */
export function unframe(output: string): Buffer[] {
  const messages: Buffer[] = [];
  let packet: Buffer | undefined;
  for (const line of output.split('\n').slice(0, -1)) {
    const marker = line.slice(0, 2);
    if (marker === '\x06\x09') packet = Buffer.from(line.slice(2), 'base64');
    else if (marker === '\x04\x14' && packet)
      packet = Buffer.concat([packet, Buffer.from(line.slice(2), 'base64')]);
    if (!packet || packet.length < 4 || packet.length !== packet.readUInt16BE(0) + 2) continue;
    if (crc(packet.subarray(2)) !== 0) throw new Error(`wrong CRC in ${packet.toString('hex')}`);
    messages.push(packet.subarray(2, -2));
    packet = undefined;
  }
  return messages;
}
