import { DER_TAG } from './der-reader.ts';

/** One element in DER: the tag, the length in the fewest octets, then the parts one after the other. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthField = lengthOctets(length);
  let offset = 1 + lengthField.length;
  const element = new Uint8Array(offset + length);
  element[0] = tag;
  element.set(lengthField, 1);
  for (const part of parts) {
    element.set(part, offset);
    offset += part.length;
  }
  return element;
}

/** A SEQUENCE of elements that are already encoded. */
export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derElement(DER_TAG.sequence, ...parts);
}

/** A non-negative INTEGER, from a number or from big-endian bytes of any length. */
export function derInteger(value: number | Uint8Array): Uint8Array {
  const magnitude = typeof value === 'number' ? bigEndian(value) : value;
  const start = magnitude.findIndex((octet) => octet !== 0);
  const minimal = start === -1 ? Uint8Array.of(0) : magnitude.subarray(start);
  const sign = (minimal[0] ?? 0) > 0x7f ? Uint8Array.of(0) : Uint8Array.of();
  return derElement(DER_TAG.integer, sign, minimal);
}

/** A BIT STRING of whole octets. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(DER_TAG.bitString, Uint8Array.of(0), bytes);
}

function bigEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}
