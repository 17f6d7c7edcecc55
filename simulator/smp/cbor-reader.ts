// What zcbor accepts in a request, as observed on Zephyr 4.4.0: definite or indefinite maps and lists, strings of
// definite length only, no tag in front of a known value, unknown keys skipped, trailing bytes after the map ignored.

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const LIST = 4;
const MAP = 5;
const TAG = 6;
const BREAK = 0xff;
const INDEFINITE = 31;

/** The bytes are not what the firmware's decoder takes; the board answers `rc 3`. Never leaves the simulator. */
export class CborRefused extends Error {}

/** A cursor over one request's CBOR. Every method throws {@link CborRefused} where zcbor's decoder would fail. */
export class CborReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** An unsigned integer, as wide as 64 bits. */
  uint(): bigint {
    return this.#head(UINT);
  }

  /** A text string of definite length, as bytes: the firmware never checks UTF-8. */
  text(): Uint8Array {
    return this.#take(Number(this.#head(TEXT)));
  }

  /** A byte string of definite length. */
  bytes(): Uint8Array {
    return this.#take(Number(this.#head(BYTES)));
  }

  /** Walks a map: calls `onKey` with each text key; `onKey` must consume the value. */
  map(onKey: (key: string) => void): void {
    this.#elements(MAP, () => onKey(Buffer.from(this.text()).toString('latin1')));
  }

  /** Starts a list and says how many elements follow, `undefined` when only a break will show it. */
  listStart(): number | undefined {
    return this.#containerStart(LIST);
  }

  /** True when the next byte is the break of an indefinite list, or when there is no next byte. */
  atBreak(): boolean {
    return this.#at >= this.#bytes.length || this.#bytes[this.#at] === BREAK;
  }

  /** Steps over one value of any kind. */
  skip(): void {
    const initial = this.#peek();
    const major = initial >> 5;
    if (major === LIST) return this.#elements(LIST, () => this.skip());
    if (major === MAP) return this.#elements(MAP, () => (this.skip(), this.skip()));
    const value = this.#head(major);
    if (major === TAG) this.skip();
    else if (major === BYTES || major === TEXT) this.#take(Number(value));
  }

  #elements(major: number, readOne: () => void): void {
    const count = this.#containerStart(major);
    for (let done = 0; count === undefined ? this.#peek() !== BREAK : done < count; done++) readOne();
    if (count === undefined) this.#at++;
  }

  #containerStart(major: number): number | undefined {
    if (this.#peek() === ((major << 5) | INDEFINITE)) {
      this.#at++;
      return undefined;
    }
    const count = Number(this.#head(major));
    if (count > this.#bytes.length) throw new CborRefused('more elements than bytes');
    return count;
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new CborRefused('the CBOR ends too early');
    return byte;
  }

  #head(major: number): bigint {
    const initial = this.#peek();
    if (initial >> 5 !== major) throw new CborRefused(`major type ${initial >> 5} instead of ${major}`);
    const info = initial & 0x1f;
    if (info > 27) throw new CborRefused('indefinite or reserved length');
    this.#at++;
    if (info < 24) return BigInt(info);
    let value = 0n;
    for (const byte of this.#take(1 << (info - 24))) value = (value << 8n) | BigInt(byte);
    return value;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new CborRefused('the CBOR ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** Which decoder each known key of a request has. */
export type KnownKeys = Readonly<Record<string, 'uint' | 'text' | 'bytes'>>;

/** The known keys that a request holds. */
export type DecodedKeys<K extends KnownKeys> = {
  readonly [P in keyof K]?: K[P] extends 'uint' ? bigint : Uint8Array;
};

/** Decodes a request map; throws {@link CborRefused} on a malformed map, a duplicate or a wrongly typed known key. */
export function decodeKnownKeys<const K extends KnownKeys>(cbor: Uint8Array, known: K): DecodedKeys<K> {
  const reader = new CborReader(cbor);
  const found = new Map<string, bigint | Uint8Array>();
  reader.map((key) => {
    const kind = Object.hasOwn(known, key) ? known[key] : undefined;
    if (kind === undefined) return reader.skip();
    if (found.has(key)) throw new CborRefused(`key ${key} twice`);
    found.set(key, reader[kind]());
  });
  return Object.fromEntries(found) as DecodedKeys<K>;
}
