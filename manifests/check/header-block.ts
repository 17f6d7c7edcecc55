import { isUtf8 } from 'node:buffer';
import { MAX_LINE_BYTES } from '../csv/line-blocks.ts';
import type { LineBlock } from '../csv/line-blocks.ts';
import { issue } from './issue.ts';
import { readHeader } from './manifest-header.ts';
import type { HeaderReading, ManifestColumns } from './manifest-header.ts';
import { rowSeparator } from './separators.ts';

/** Lines in which the header may be. */
const HEAD_LINES = 40;

const LF = 0x0a;

/** What is understood of a file whose header cannot be read. */
const NOTHING = { understood: [], below: { bytes: Buffer.alloc(0), hasLong: false } };

/** Reads the header at the beginning of the first block of a file; `below` is the rest of the block. */
export function headerOf(block: LineBlock): HeaderReading & { readonly below: LineBlock } {
  const { bytes } = block;
  const ends: number[] = [];
  for (let at = bytes.indexOf(LF); at !== -1 && ends.length < HEAD_LINES; at = bytes.indexOf(LF, at + 1))
    ends.push(at + 1);
  const lines = ends.map((end, at) => bytes.subarray(ends[at - 1] ?? 0, end - 1).toString());
  if (ends[0] !== undefined && ends[0] > MAX_LINE_BYTES) {
    const issues = [issue('MANIFEST_LINE_TOO_LONG', { line: 1, value: lines[0]! })];
    return { ...NOTHING, line: 1, issues };
  }
  const header = readHeader(lines.map((text) => text.replace(/\r$/, '')));
  const [from = 0, to = bytes.length] = [ends[header.line - 2], ends[header.line - 1]];
  if (header.columns !== undefined && !isUtf8(bytes.subarray(from, to))) {
    const place = { line: header.line, value: lines[header.line - 1] ?? '' };
    return { ...NOTHING, line: header.line, issues: [issue('MANIFEST_ENCODING', place)] };
  }
  return { ...header, below: { ...block, bytes: bytes.subarray(ends[header.line - 1] ?? bytes.length) } };
}

/** The columns with the separator that the CSV rows have: `block` is the first one with rows. */
export function columnsOfRows(columns: ManifestColumns, { bytes }: LineBlock): ManifestColumns {
  const { separator, width } = columns;
  if (separator.length === 1) return columns;
  const rows = bytes.subarray(0, MAX_LINE_BYTES).toString().split(/\r?\n/, HEAD_LINES);
  return { ...columns, separator: rowSeparator(separator, rows, width) };
}
