// The 8-byte SMP header: https://docs.zephyrproject.org/latest/services/device_mgmt/smp_protocol.html

/** Bytes of the header in front of every CBOR body. */
export const SMP_HEADER_BYTES = 8;

/** Operations, the low three bits of the first byte. */
export const SMP_OP = { read: 0, readResponse: 1, write: 2, writeResponse: 3 } as const;

/** One of {@link SMP_OP}. */
export type SmpOp = (typeof SMP_OP)[keyof typeof SMP_OP];

/** SMP protocol version: 1 is the legacy one whose group errors are a bare `rc`, 2 names the group. */
export type SmpVersion = 1 | 2;

/** The fields of a header; `length` is that of the CBOR body alone. */
export interface SmpHeader {
  readonly op: number;
  readonly version: SmpVersion;
  readonly length: number;
  readonly group: number;
  readonly sequence: number;
  readonly id: number;
}

/** Writes the header into the first 8 bytes of `target`. */
export function encodeSmpHeader(header: SmpHeader, target: Uint8Array): void {
  target[0] = ((header.version - 1) << 3) | header.op;
  target[1] = 0;
  target[2] = header.length >> 8;
  target[3] = header.length & 0xff;
  target[4] = header.group >> 8;
  target[5] = header.group & 0xff;
  target[6] = header.sequence;
  target[7] = header.id;
}

/** Reads the header of a message; `undefined` when it is shorter than a header. */
export function decodeSmpHeader(message: Uint8Array): SmpHeader | undefined {
  if (message.length < SMP_HEADER_BYTES) return undefined;
  const byte = (index: number): number => message[index] as number;
  return {
    op: byte(0) & 0b111,
    version: (byte(0) >> 3) & 0b11 ? 2 : 1,
    length: (byte(2) << 8) | byte(3),
    group: (byte(4) << 8) | byte(5),
    sequence: byte(6),
    id: byte(7),
  };
}
