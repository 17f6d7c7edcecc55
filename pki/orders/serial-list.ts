import { sha256Hex } from '../x509/p256.ts';

/**
 * The text of a list of serials: each serial once, in ascending order of its ASCII characters, each followed by a line
 * feed. An order that names its serials contains the SHA-256 of exactly this text.
 */
export function serialListText(serials: Iterable<string>): string {
  return [...new Set(serials)]
    .sort()
    .map((serial) => `${serial}\n`)
    .join('');
}

/** The SHA-256 of a list's text, lower-case hex. */
export function serialListSha256(text: string): string {
  return sha256Hex(Buffer.from(text));
}
