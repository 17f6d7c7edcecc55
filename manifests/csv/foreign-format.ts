import { open } from 'node:fs/promises';
import type { IssueCode } from '../issue-codes.ts';

/**
 * Leading bytes of ZIP (PKWARE APPNOTE §4.3.7, so XLSX and ODS), OLE compound files (MS-CFB §2.2, so XLS), gzip, PDF.
 */
const NOT_TEXT = ['504b0304', 'd0cf11e0', '1f8b', '25504446'];

/** Byte order marks of UTF-16 and UTF-32 in both byte orders (Unicode §23.8). */
const WIDE_MARKS = ['fffe', 'feff', '0000feff'];

/** Enough for every mark, and for the word "order" in UTF-16 without one. */
const SNIFFED_BYTES = 16;

/** Detects a file that is not UTF-8 text by its first bytes, so that its answer is one issue and not thousands. */
export async function foreignFormat(path: string): Promise<IssueCode | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    return formatOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function formatOf(head: Buffer): IssueCode | undefined {
  const hex = head.toString('hex');
  if (head.length === 0) return 'MANIFEST_EMPTY';
  if (NOT_TEXT.some((mark) => hex.startsWith(mark))) return 'MANIFEST_NOT_TEXT';
  if (WIDE_MARKS.some((mark) => hex.startsWith(mark))) return 'MANIFEST_UTF16';
  return isWide(head) ? 'MANIFEST_UTF16' : undefined;
}

/** ASCII in UTF-16 has a NUL in every second byte. */
function isWide(head: Buffer): boolean {
  const nulls = [0, 1].map((parity) => head.filter((byte, at) => at % 2 === parity && byte === 0).length);
  return head.length >= 4 && nulls.some((count) => count >= Math.floor(head.length / 2));
}
