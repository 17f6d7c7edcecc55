// What zcbor emits without ZCBOR_CANONICAL: every map `BF … FF`, every list `9F … FF`, shortest heads, keys in code
// order.

/** Text whose bytes must go out as they came in (an echo), valid UTF-8 or not. */
interface RawText {
  readonly rawText: Uint8Array;
}

/** One CBOR value a board can answer with; numbers are integers, strings text, arrays of pairs maps. */
export type CborOut =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | RawText
  | { readonly list: readonly CborOut[] }
  | { readonly map: CborMap };

/** A map in the order in which it is written. */
export type CborMap = readonly (readonly [string, CborOut])[];

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;

const MAP_START = Buffer.from([0xbf]);
const LIST_START = Buffer.from([0x9f]);
const BREAK = Buffer.from([0xff]);
const TRUE = Buffer.from([0xf5]);
const FALSE = Buffer.from([0xf4]);

function head(major: number, value: bigint): Buffer {
  const high = major << 5;
  if (value < 24n) return Buffer.from([high | Number(value)]);
  const size = value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64BE(value);
  return Buffer.from([high | (24 + Math.log2(size)), ...wide.subarray(8 - size)]);
}

function integer(value: bigint): Buffer {
  return value < 0n ? head(NEGATIVE, -1n - value) : head(UINT, value);
}

function string(major: number, bytes: Uint8Array): Uint8Array[] {
  return [head(major, BigInt(bytes.length)), bytes];
}

function partsOf(value: CborOut): Uint8Array[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [integer(BigInt(value))];
  if (typeof value === 'boolean') return [value ? TRUE : FALSE];
  if (typeof value === 'string') return string(TEXT, Buffer.from(value, 'utf8'));
  if (value instanceof Uint8Array) return string(BYTES, value);
  if ('rawText' in value) return string(TEXT, value.rawText);
  if ('list' in value) return [LIST_START, ...value.list.flatMap(partsOf), BREAK];
  return mapParts(value.map);
}

function mapParts(map: CborMap): Uint8Array[] {
  return [MAP_START, ...map.flatMap(([key, value]) => [...partsOf(key), ...partsOf(value)]), BREAK];
}

/** The bytes of `map` as Zephyr's encoder would write them; the empty map is `BF FF`. */
export function encodeMap(map: CborMap): Uint8Array {
  return Buffer.concat(mapParts(map));
}
