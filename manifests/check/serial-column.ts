import { csvItems } from '../csv/csv-items.ts';
import { lineBlocks } from '../csv/line-blocks.ts';
import { readText, textForm } from '../csv/text-source.ts';
import { columnsOfRows, headerOf } from './header-block.ts';
import type { ManifestColumns } from './manifest-header.ts';

/** A cell of the column `serial`, as it is in the file; empty where its CSV row cannot be read. */
export interface SerialCell {
  /** Line number in the file, from 1. */
  readonly line: number;
  readonly serial: string;
}

/**
 * The serials of a manifest, in its order, with nothing checked; empty CSV rows are left out. Undefined instead where
 * the file has no such column.
 */
export async function* serialColumn(path: string): AsyncGenerator<SerialCell | undefined> {
  const form = await textForm(path);
  if ('fault' in form) return yield undefined;
  let columns: ManifestColumns | undefined;
  let hasRows = false;
  let line = 1;
  for await (const block of lineBlocks(readText(path, form))) {
    let below = block;
    if (columns === undefined) {
      const header = headerOf(block);
      ({ columns, below } = header);
      line = header.line + 1;
    }
    const cell = columns?.cells.get('serial');
    if (columns === undefined || cell === undefined) return yield undefined;
    if (!hasRows) columns = columnsOfRows(columns, below);
    hasRows ||= below.bytes.length > 0;
    for (const item of csvItems(below, columns.separator)) {
      const serial = 'fault' in item ? '' : (item[cell] ?? '');
      if ('fault' in item || item.some((text) => text.trim() !== '')) yield { line, serial };
      line += 'fault' in item ? item.lines : 1;
    }
  }
}
