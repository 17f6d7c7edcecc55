import { PkiError } from '../pki-error.ts';

/** Tags of X.690 that X.509, PKCS#8 and PKCS#10 use. `context(n)` is the constructed context-specific tag [n]. */
export const DER_TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONSTRUCTED = 0x20;
const MULTI_BYTE_TAG = 0x1f;
/** Deeper than any certificate or request (a name in an extension reaches 9), shallower than a stack can bear. */
const MAX_DEPTH = 16;

/** One element. `content` and `whole` (header and content) are views, made when they are asked for. */
export class DerElement {
  readonly tag: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #contentStart: number;
  readonly #end: number;

  constructor(tag: number, bytes: Uint8Array, start: number, contentStart: number, end: number) {
    this.tag = tag;
    this.#bytes = bytes;
    this.#start = start;
    this.#contentStart = contentStart;
    this.#end = end;
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#end);
  }

  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** A reader over the content. */
  inside(): DerReader {
    return new DerReader(this.#bytes, this.#contentStart, this.#end);
  }
}

/**
 * Reads distinguished encoding and nothing else: definite lengths in the fewest octets, one-octet tags, nothing behind
 * the last element. Throws DER_MALFORMED, naming the offset and never the bytes.
 *
 * It is independent of @peculiar/x509, which writes CA certificates and the sample of each device profile. It is not
 * independent of `der-writer.ts`, which fills in device certificates and writes revocation lists: the two share their
 * table of tags. Against a mistake that both make, property tests hold a filled-in certificate equal to the library's,
 * and OpenSSL and other programs verify what both write.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#offset === this.#end;
  }

  /** Tag of the next element, or undefined at the end. */
  peekTag(): number | undefined {
    return this.atEnd ? undefined : this.#bytes[this.#offset];
  }

  /** The next element, of any tag. */
  next(): DerElement {
    const start = this.#offset;
    const tag = this.#octet();
    if ((tag & MULTI_BYTE_TAG) === MULTI_BYTE_TAG) throw malformed(start, 'a tag of several octets');
    const length = this.#length();
    const contentStart = this.#offset;
    const end = contentStart + length;
    if (end > this.#end) throw malformed(start, 'an element that is longer than the rest', 'truncated');
    this.#offset = end;
    return new DerElement(tag, this.#bytes, start, contentStart, end);
  }

  /** The next element, which must have this tag. */
  expect(tag: number): DerElement {
    const start = this.#offset;
    const element = this.next();
    if (element.tag !== tag) throw malformed(start, `tag ${hex(element.tag)} instead of ${hex(tag)}`);
    return element;
  }

  /** A reader over the content of the next element, which must have this tag. */
  enter(tag: number): DerReader {
    return this.expect(tag).inside();
  }

  /** The next element if it has this tag, else undefined and nothing is read. */
  optional(tag: number): DerElement | undefined {
    return this.peekTag() === tag ? this.next() : undefined;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (!this.atEnd) throw malformed(this.#offset, 'bytes after the last element', 'trailing');
  }

  #octet(): number {
    const octet = this.atEnd ? undefined : this.#bytes[this.#offset];
    if (octet === undefined) throw malformed(this.#offset, 'the end', 'truncated');
    this.#offset += 1;
    return octet;
  }

  #length(): number {
    const at = this.#offset;
    const first = this.#octet();
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    if (octets === 0) throw malformed(at, 'an indefinite length');
    if (octets > 3) throw malformed(at, 'a length of more than 16 MiB');
    let length = 0;
    for (let index = 0; index < octets; index += 1) length = length * 256 + this.#octet();
    if (length < (octets === 1 ? 0x80 : 256 ** (octets - 1)))
      throw malformed(at, 'a length in too many octets');
    return length;
  }
}

/** What `read` reads, or undefined where it throws DER_MALFORMED. */
export function unlessMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PkiError && error.code === 'DER_MALFORMED') return undefined;
    throw error;
  }
}

/** The content of a DER integer that fits 31 bits. */
export function readSmallInteger(content: Uint8Array): number {
  if (content.length === 0 || content.length > 4 || (content[0] ?? 0) > 0x7f) {
    throw malformed(0, 'an integer out of range');
  }
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/**
 * Walks all of `bytes` and throws DER_MALFORMED unless it is exactly one element in DER: every nested element too, with
 * minimal integers and booleans of 00 or FF. What passes would come out of a re-serialisation byte for byte.
 */
export function assertStrictDer(bytes: Uint8Array): void {
  const reader = new DerReader(bytes);
  walk(reader.next(), 0);
  reader.end();
}

function walk(element: DerElement, depth: number): void {
  if (depth > MAX_DEPTH) throw malformed(0, `more than ${MAX_DEPTH} levels`);
  if ((element.tag & CONSTRUCTED) !== 0) {
    const inside = element.inside();
    while (!inside.atEnd) walk(inside.next(), depth + 1);
  } else if (element.tag === DER_TAG.integer && !isMinimalInteger(element.content)) {
    throw malformed(0, 'an integer in too many octets');
  } else if (element.tag === DER_TAG.boolean && !isBoolean(element.content)) {
    throw malformed(0, 'a boolean that is neither 00 nor FF');
  }
}

function isMinimalInteger(content: Uint8Array): boolean {
  const [first, second] = content;
  if (first === undefined) return false;
  if (second === undefined) return true;
  return !(first === 0x00 && second < 0x80) && !(first === 0xff && second >= 0x80);
}

function isBoolean(content: Uint8Array): boolean {
  return content.length === 1 && (content[0] === 0x00 || content[0] === 0xff);
}

function malformed(offset: number, found: string, reason = 'not-der'): PkiError {
  return new PkiError('DER_MALFORMED', `Not DER: ${found} at offset ${offset}.`, { reason });
}

function hex(octet: number): string {
  return `0x${octet.toString(16).padStart(2, '0')}`;
}
