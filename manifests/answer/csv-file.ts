import { isSystemError } from '../../disk/errno.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv/csv-text.ts';
import { ManifestError } from '../manifest-error.ts';

/** Rows put together for one write. */
const PAGE_ROWS = 500;

type Cells = readonly (string | number)[];

/**
 * Writes an answer of CSV rows to `path`. It streams, so memory does not grow with the number of rows. It is atomic, so a reader
 * never sees half of it. Returns the number of rows. Throws MANIFEST_ANSWER_FAILED, and what reading the rows throws.
 */
export async function writeCsvFile(path: string, header: Cells, rows: AsyncIterable<Cells>): Promise<number> {
  let count = 0;
  try {
    await writeWhole(path, 0o644, async (file) => {
      let page = BYTE_ORDER_MARK + csvLine(header);
      for await (const cells of rows) {
        page += csvLine(cells);
        count += 1;
        if (count % PAGE_ROWS !== 0) continue;
        await file.writeFile(page);
        page = '';
      }
      await file.writeFile(page);
    });
  } catch (error) {
    // An error of reading the rows is not about the file.
    throw isSystemError(error)
      ? new ManifestError('MANIFEST_ANSWER_FAILED', 'write the answer', path, error)
      : error;
  }
  return count;
}
