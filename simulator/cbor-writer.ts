// What zcbor emits without ZCBOR_CANONICAL: every map `BF … FF`, every list `9F … FF`, shortest heads, keys in code order.

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

function writeHead(out: number[], major: number, value: bigint): void {
  const high = major << 5;
  if (value < 24n) return void out.push(high | Number(value));
  const size = value < 0x100n ? 1 : value < 0x10000n ? 2 : value < 0x100000000n ? 4 : 8;
  out.push(high | (24 + Math.log2(size)));
  for (let shift = size - 1; shift >= 0; shift--) out.push(Number((value >> BigInt(shift * 8)) & 0xffn));
}

function writeString(out: number[], major: number, bytes: Uint8Array): void {
  writeHead(out, major, BigInt(bytes.length));
  for (const byte of bytes) out.push(byte);
}

function writeInteger(out: number[], value: bigint): void {
  if (value < 0n) writeHead(out, NEGATIVE, -1n - value);
  else writeHead(out, UINT, value);
}

function writeMap(out: number[], map: CborMap): void {
  out.push(0xbf);
  for (const [key, value] of map) {
    writeValue(out, key);
    writeValue(out, value);
  }
  out.push(0xff);
}

function writeValue(out: number[], value: CborOut): void {
  if (typeof value === 'number' || typeof value === 'bigint') writeInteger(out, BigInt(value));
  else if (typeof value === 'boolean') out.push(value ? 0xf5 : 0xf4);
  else if (typeof value === 'string') writeString(out, TEXT, Buffer.from(value, 'utf8'));
  else if (value instanceof Uint8Array) writeString(out, BYTES, value);
  else if ('rawText' in value) writeString(out, TEXT, value.rawText);
  else if ('map' in value) writeMap(out, value.map);
  else {
    out.push(0x9f);
    for (const entry of value.list) writeValue(out, entry);
    out.push(0xff);
  }
}

/** The bytes of `map` as Zephyr's encoder would write them; the empty map is `BF FF`. */
export function encodeMap(map: CborMap): Uint8Array {
  const out: number[] = [];
  writeMap(out, map);
  return Uint8Array.from(out);
}
