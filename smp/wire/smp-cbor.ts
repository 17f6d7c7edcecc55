// The build without cbor-x's native string extractor: that one keeps a copy of what it walked over.
import { Encoder } from 'cbor-x/index-no-eval';

/** What a request may hold. Bytes go last in the object: they are then never copied when the encoder grows. */
export type CborValue = number | string | boolean | Uint8Array | readonly string[];

/** The body of a request; absent keys are left out, never `undefined`. */
export type CborRequest = Readonly<Record<string, CborValue>>;

/** The longest message and the 2 KiB and a bit that cbor-x needs free behind it. */
const SCRATCH_BYTES = 0x10000 + 0x1000;
/** One place for everything that is encoded, so that one place is to be wiped. */
const scratch = Buffer.alloc(SCRATCH_BYTES);

/** In cbor-x's README, but not in its types. */
interface ArenaEncoder {
  useBuffer(buffer: Uint8Array): void;
}

const codec = new Encoder({
  useRecords: false,
  variableMapSize: true,
  tagUint8Array: false,
}) as Encoder & ArenaEncoder;

/** Encodes a request body behind `headerBytes` free bytes, and wipes the encoder's own copy. */
export function encodeCborBehindHeader(body: CborRequest, headerBytes: number): Uint8Array {
  codec.useBuffer(scratch);
  const encoded = codec.encode(body);
  const message = new Uint8Array(headerBytes + encoded.length);
  message.set(encoded, headerBytes);
  encoded.fill(0);
  return message;
}

/**
 * Decodes the body of a reply, which must be one map with text keys; `undefined` for anything else. Byte strings
 * are views into `bytes`.
 */
export function decodeCborMap(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = codec.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return isMap(value) ? value : undefined;
  } catch {
    return undefined; // says only where decoding stopped; the caller reports a malformed reply
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
