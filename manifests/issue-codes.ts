/** What an issue code means, and what is expected instead; the sentence a planner reads. */
export interface IssueRow {
  readonly means: string;
  readonly expected: string;
}

/** Every reason for which a manifest is refused. The table in docs/manifest.md is tested against this one. */
export const ISSUES = {
  // The file as a whole
  MANIFEST_NAME: row('A manifest cannot have the name of this file.', 'a CSV file whose name ends in .csv'),
  MANIFEST_NOT_A_FILE: row(
    'It is a folder, a link, a pipe or a device, not a regular file.',
    'the file itself, not a link to it',
  ),
  MANIFEST_MISSING: row('There is no such file.', 'the path of a file that exists'),
  MANIFEST_UNREADABLE: row(
    'The factory line has no permission to read the file.',
    'a file that the factory line can read: give it read permission and save it again',
  ),
  MANIFEST_CHANGED: row(
    'The file changed while it was read.',
    'a complete file: wait until it is written, then submit it again',
  ),
  MANIFEST_WITHDRAWN: row(
    'The batch of this very file was cancelled or withdrawn.',
    'a corrected manifest; "certline batch rerun" with --ended runs the units of the batch after all',
  ),
  MANIFEST_TOO_LARGE: row(
    'The file is larger than 200 MB.',
    'at most 200 MB: split the order into several files',
  ),
  MANIFEST_TOO_MANY_ROWS: row(
    'The file has more than 1,000,000 units, or empty CSV rows.',
    'at most 1,000,000 units and 1,000,000 empty CSV rows: split the order into several files, or delete the rows',
  ),
  MANIFEST_EMPTY: row('The file is empty.', 'a header and a CSV row for each unit'),
  MANIFEST_NO_ROWS: row('The file has a header but no units.', 'a CSV row for each unit below the header'),
  MANIFEST_NOT_TEXT: row(
    'The file is a workbook (XLSX, XLS, ODS), a PDF or an archive, not text.',
    'a CSV file: Excel: Save as, CSV UTF-8; LibreOffice: Save as, Text CSV; Google Sheets: Download, CSV',
  ),
  MANIFEST_NOT_CSV: row(
    'The file is text in another format, such as HTML or JSON.',
    'CSV: export the sheet again',
  ),
  MANIFEST_UTF32: row('The text is in UTF-32.', 'UTF-8 or UTF-16: save the file again'),
  MANIFEST_TAIL: row(
    'The file has control characters after the last CSV row.',
    'nothing after the last CSV row',
  ),
  MANIFEST_ROW_COUNT: row(
    'The file has another number of units than its name says, or the number in the name cannot be read.',
    'the whole file: copy it again',
  ),
  MANIFEST_DIGEST: row(
    'The file has another SHA-256 than its name or the file beside it says, or what they say cannot be read.',
    'the whole file: copy it again, and make its .sha256 file again',
  ),
  MANIFEST_PRIORITY: row(
    'The name of the file asks for a priority that there is not.',
    'a name with .priority-1 (first) to .priority-5 (last) before .csv',
  ),
  // The header
  MANIFEST_NO_HEADER: row(
    'The first line is not the header.',
    'the header in line 1, for example order,serial,product: delete what is above it, or add it',
  ),
  MANIFEST_VERSION: row(
    'The manifest has a format version that this program does not read.',
    'version 1, or no version line',
  ),
  MANIFEST_SEPARATOR: row(
    'The columns are not separated by one accepted separator.',
    'commas, semicolons or tabs between the columns, the same in the whole file',
  ),
  MANIFEST_ONE_CELL: row(
    'The whole CSV row is in one cell.',
    'a cell for each column: in the sheet, split the text into columns, then export again',
  ),
  MANIFEST_COLUMN_MISSING: row(
    'A required column is missing.',
    'the columns order, serial and product, and board_id for listed boards',
  ),
  MANIFEST_COLUMN_UNKNOWN: row(
    'The header names a column that does not exist.',
    'order, serial, product, board_id or attr.<name>',
  ),
  MANIFEST_COLUMN_REPEATED: row('The header names a column twice.', 'each column once'),
  MANIFEST_COLUMN_UNNAMED: row(
    'A cell has a value, but its column has no name.',
    'an empty cell, or a name for the column in the header',
  ),
  MANIFEST_TOO_MANY_COLUMNS: row('There are more than 32 attr columns.', 'at most 32 attr columns'),
  // A CSV row
  MANIFEST_ENCODING: row('The CSV row is not UTF-8.', 'UTF-8: in Excel, save as "CSV UTF-8", not as "CSV"'),
  MANIFEST_LINE_ENDING: row(
    'The line does not end with LF or CR LF, or other lines of the file end in another way.',
    'LF or CR LF after every CSV row: copy the original file as binary, or export the sheet again',
  ),
  MANIFEST_LINE_TOO_LONG: row(
    'The CSV row is longer than 49,152 bytes.',
    'at most 49,152 bytes in a CSV row',
  ),
  MANIFEST_EMPTY_LINE: row(
    'The CSV row is empty, and units follow it.',
    'a unit in every CSV row: delete the empty one',
  ),
  MANIFEST_HEADER_REPEATED: row(
    'The header is in the file a second time, or a second header follows it: names, units or types of the columns.',
    'a unit: delete the CSV row',
  ),
  MANIFEST_TOTALS: row('The CSV row is a sum of those above, not a unit.', 'a unit: delete the CSV row'),
  MANIFEST_NOTE: row('The CSV row is a note or a comment, not a unit.', 'a unit: delete the CSV row'),
  MANIFEST_LINE_BREAK: row(
    'A cell contains a line break (Alt+Enter in a spreadsheet).',
    'the text of the cell in one line: delete the line break in the sheet, then export again',
  ),
  MANIFEST_QUOTE: row(
    'A quoted cell does not end in its CSV row, a quote is inside an unquoted cell, or the quotes are others than those of CSV.',
    'a quote before and after a quoted cell, in the same CSV row; a quote inside it is written twice',
  ),
  MANIFEST_CELL_COUNT: row(
    'The CSV row has more or fewer cells than the header.',
    'as many cells as the header has',
  ),
  MANIFEST_CUT_SHORT: row(
    'The last CSV row is incomplete and has no line break, so the file may be incomplete.',
    'the whole file: check that all of it was copied, then copy it again',
  ),
  // A cell
  MANIFEST_CELL_EMPTY: row('A required cell is empty.', 'a value'),
  MANIFEST_CELL_MERGED: row(
    'The cell is empty or has a ditto mark, but those above have a value: merged cells are written once.',
    'the value in every CSV row: unmerge the cells and fill them down, then export again',
  ),
  MANIFEST_CELL_MOVED: row(
    'The cell has the value of another column: two columns are swapped, or the cells moved to the side.',
    'each value in its own column',
  ),
  MANIFEST_CONTROL_CHARACTER: row(
    'The cell contains a tab, a line break, a NUL or another control character.',
    'text without control characters',
  ),
  MANIFEST_INVISIBLE: row(
    'The cell contains an invisible or an unreadable character.',
    'visible characters and plain spaces: type the value again',
  ),
  MANIFEST_SPACES: row('The cell begins or ends with a space.', 'the value without spaces around it'),
  MANIFEST_FORMULA: row(
    'The cell is a spreadsheet formula.',
    'the value, not the formula: copy the cells and paste them as values, then export again',
  ),
  MANIFEST_MANGLED: row(
    'A spreadsheet changed the value into a number or a word and removed digits.',
    'the original value: format the column as text before you paste, then export again',
  ),
  MANIFEST_ZEROS_LOST: row(
    'The value has fewer digits than the others of its column: leading zeros may be lost.',
    'all digits of the value, leading zeros too: format the column as text before you paste',
  ),
  MANIFEST_DATE: row(
    'A spreadsheet changed the value into a date or a time.',
    'the original value: format the column as text before you paste, then export again',
  ),
  MANIFEST_SHEET_ERROR: row(
    'The cell has an error of the spreadsheet in the place of its value.',
    'the value: correct the formula or the width of the column, then export again',
  ),
  MANIFEST_APOSTROPHE: row(
    'The value begins with the apostrophe by which a spreadsheet marks text.',
    'the value without the apostrophe',
  ),
  MANIFEST_MISREAD: row(
    'The text was read in a wrong encoding, or copied from the source of a web page, before it was saved.',
    'the original text: open the source file as UTF-8, then save it as UTF-8 again',
  ),
  MANIFEST_ORDER_INVALID: row(
    'The order number has a wrong length or forbidden characters.',
    'A-Z, 0-9 and hyphens, no hyphen at either end, at most 40 characters',
  ),
  MANIFEST_ORDER_SECOND: row(
    'The CSV row has another order number than the first unit.',
    'one order number in the whole file',
  ),
  MANIFEST_ORDER_UNKNOWN: row(
    'The signer has no valid order of this number.',
    'the number of an order that the signer has',
  ),
  MANIFEST_ORDER_NOT_OPEN: row('The order is not valid yet.', 'an order that is valid now'),
  MANIFEST_ORDER_EXPIRED: row('The order has expired.', 'an order that is valid now'),
  MANIFEST_ORDER_CLOSED: row('The order was closed.', 'an order that is open'),
  MANIFEST_ORDER_QUANTITY: row(
    'The order has fewer units left than the file has.',
    'at most as many units as the order has left',
  ),
  MANIFEST_ORDER_MISMATCH: row(
    'The order does not allow the products, the serials or the content of this file.',
    'what the order allows',
  ),
  MANIFEST_SERIAL_INVALID: row(
    'The serial has a wrong length or forbidden characters.',
    'A-Z, 0-9 and hyphens, no hyphen at either end, at most 64 characters',
  ),
  MANIFEST_SERIAL_PATTERN: row(
    'The serial does not match the serialPattern of its product in the configuration.',
    'a serial like the others of the product',
  ),
  MANIFEST_SERIAL_TOO_LONG: row(
    'The serial is too long for the certificates of its product.',
    'a serial that is short enough for the names in the certificates of the product',
  ),
  MANIFEST_SERIAL_REPEATED: row(
    'The serial occurs twice in the file.',
    'each serial once; upper and lower case are the same',
  ),
  MANIFEST_SERIAL_REGISTERED: row(
    'The serial belongs to an earlier batch.',
    'a serial that is not in an earlier batch',
  ),
  MANIFEST_ROW_CHANGED: row(
    'The unit is in an earlier batch, and its CSV row is not the same as there.',
    'the CSV row as it was, or a new serial',
  ),
  MANIFEST_PRODUCT_UNKNOWN: row('The product is not in the configuration.', 'a product in the configuration'),
  MANIFEST_BOARD_ID_INVALID: row(
    'The board id has a wrong length or is not hexadecimal.',
    '4 to 64 hexadecimal digits',
  ),
  MANIFEST_BOARD_ID_MISSING: row(
    'The product requires a board id for each unit, and this unit has none.',
    'the hardware id of the board in column board_id',
  ),
  MANIFEST_BOARD_ID_UNWANTED: row(
    'The product accepts any board, but the CSV row has a board id.',
    'an empty board_id: the product accepts any board',
  ),
  MANIFEST_BOARD_ID_REPEATED: row('The board id occurs twice in the file.', 'each board id once'),
  MANIFEST_BOARD_ID_REGISTERED: row(
    'The board belongs to a unit of an earlier batch.',
    'a board that is not in an earlier batch',
  ),
  MANIFEST_ATTR_TOO_LONG: row('The attribute is longer than 256 characters.', 'at most 256 characters'),
  // The answer
  MANIFEST_MORE: row(
    'The list ends here; there are more faults.',
    'fix the faults above, then submit the file again',
  ),
} as const satisfies Record<string, IssueRow>;

export type IssueCode = keyof typeof ISSUES;

function row(means: string, expected: string): IssueRow {
  return { means, expected };
}
