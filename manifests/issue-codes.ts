/** What an issue code means, and what is expected instead; the sentence a planner reads. */
export interface IssueRow {
  readonly means: string;
  readonly expected: string;
}

/** Every reason for which a manifest is refused. The table in docs/manifest.md is tested against this one. */
export const ISSUES = {
  // The file as a whole
  MANIFEST_NAME: row('The name of the file does not end in .csv.', 'a CSV file whose name ends in .csv'),
  MANIFEST_NOT_A_FILE: row(
    'It is a link, a pipe or a device, not a file.',
    'the file itself, not a link to it',
  ),
  MANIFEST_MISSING: row('There is no such file.', 'the path of a file that exists'),
  MANIFEST_UNREADABLE: row(
    'The line is not allowed to read the file.',
    'a file that the line may read: give it read permission and save it again',
  ),
  MANIFEST_CHANGED: row(
    'The file changed while it was read.',
    'a file that is complete: wait until it is written, then drop it again',
  ),
  MANIFEST_TOO_LARGE: row(
    'The file is larger than 200 MB.',
    'at most 200 MB: split the order into several files',
  ),
  MANIFEST_TOO_MANY_ROWS: row(
    'The file has more than 1,000,000 rows.',
    'at most 1,000,000 rows: split the order into several files',
  ),
  MANIFEST_EMPTY: row('The file is empty.', 'a header line and a line for each unit'),
  MANIFEST_NO_ROWS: row('The file has a header and no unit.', 'a line for each unit below the header'),
  MANIFEST_NOT_TEXT: row(
    'It is a workbook or an archive, not text.',
    'text: save the sheet as "CSV UTF-8 (comma delimited)"',
  ),
  MANIFEST_UTF16: row(
    'The text is in UTF-16 or UTF-32.',
    'UTF-8: save the sheet as "CSV UTF-8 (comma delimited)", not as "Unicode text"',
  ),
  // The header
  MANIFEST_SEPARATOR: row(
    'The columns are not separated by commas.',
    'commas between the columns: save as "CSV UTF-8 (comma delimited)"',
  ),
  MANIFEST_COLUMN_MISSING: row('A required column is missing.', 'the columns order, serial and product'),
  MANIFEST_COLUMN_UNKNOWN: row(
    'The header names a column that does not exist.',
    'order, serial, product, board_id or attr.<name>, in lower case',
  ),
  MANIFEST_COLUMN_REPEATED: row('The header names a column twice.', 'each column once'),
  MANIFEST_TOO_MANY_COLUMNS: row('There are more than 32 attr columns.', 'at most 32 attr columns'),
  // A line
  MANIFEST_ENCODING: row('The line is not UTF-8.', 'UTF-8: save the sheet as "CSV UTF-8 (comma delimited)"'),
  MANIFEST_LINE_ENDING: row(
    'The line does not end as the first line does.',
    'the same line ending throughout, LF or CR LF',
  ),
  MANIFEST_LINE_TOO_LONG: row(
    'The line is longer than 16,384 characters.',
    'at most 16,384 characters in a line',
  ),
  MANIFEST_EMPTY_LINE: row('The line holds nothing.', 'a unit on every line: delete the empty line'),
  MANIFEST_QUOTE: row(
    'A quote is open at the end of the line, or stands inside a cell.',
    'a quoted cell begins and ends with a quote on the same line; a quote inside it is written twice',
  ),
  MANIFEST_CELL_COUNT: row(
    'The line has more or fewer cells than the header.',
    'as many cells as the header has',
  ),
  MANIFEST_FINAL_NEWLINE: row(
    'The last line does not end with a line break, so the file may be cut short.',
    'a line break after the last unit: check that the whole file was copied, and save it again',
  ),
  // A cell
  MANIFEST_CELL_EMPTY: row('A required cell is empty.', 'a value'),
  MANIFEST_CONTROL_CHARACTER: row(
    'The cell holds a tab, a line break, a NUL or another control character.',
    'text without control characters',
  ),
  MANIFEST_INVISIBLE: row(
    'The cell holds a character that does not show, or an unknown one.',
    'visible characters and plain spaces: type the value again',
  ),
  MANIFEST_SPACES: row('The cell begins or ends with a space.', 'the value without spaces around it'),
  MANIFEST_FORMULA: row(
    'The cell begins as a spreadsheet formula does.',
    'a value that does not begin with = + - or @ (plain numbers may have a sign)',
  ),
  MANIFEST_MANGLED: row(
    'A spreadsheet turned the value into a number and lost digits of it.',
    'the value as it was: format the column as text before you paste, and export again',
  ),
  MANIFEST_ORDER_INVALID: row(
    'The order number has characters it may not have.',
    'A-Z, 0-9 and hyphens, no hyphen at either end, at most 40 characters',
  ),
  MANIFEST_ORDER_SECOND: row('The line belongs to another order.', 'one order in a file'),
  MANIFEST_SERIAL_INVALID: row(
    'The serial has characters it may not have.',
    'A-Z, 0-9 and hyphens, no hyphen at either end, at most 64 characters',
  ),
  MANIFEST_SERIAL_TOO_LONG: row(
    'The serial does not fit into the certificates of its product.',
    'a serial as short as the names in the certificates of the product need it',
  ),
  MANIFEST_SERIAL_REPEATED: row(
    'The serial stands in the file twice.',
    'each serial once, whatever its case',
  ),
  MANIFEST_SERIAL_REGISTERED: row(
    'The serial belongs to an earlier batch.',
    'a serial that was never ordered before',
  ),
  MANIFEST_PRODUCT_UNKNOWN: row('The line does not know the product.', 'a product of the configuration'),
  MANIFEST_BOARD_ID_INVALID: row('The board id is not a hardware id.', '4 to 64 hexadecimal digits'),
  MANIFEST_BOARD_ID_MISSING: row(
    'The product wants its boards listed, and this one is not.',
    'the hardware id of the board in column board_id',
  ),
  MANIFEST_BOARD_ID_UNWANTED: row(
    'The product takes any board, and the line names one.',
    'an empty board_id: units of this product take any board',
  ),
  MANIFEST_BOARD_ID_REPEATED: row('The board stands in the file twice.', 'each board once'),
  MANIFEST_BOARD_ID_REGISTERED: row(
    'The board belongs to a unit of an earlier batch.',
    'a board that no earlier batch lists',
  ),
  MANIFEST_ATTR_TOO_LONG: row('The attribute is longer than 256 characters.', 'at most 256 characters'),
  // The answer
  MANIFEST_MORE: row(
    'The list ends here; there are more faults.',
    'mend the faults above, then drop it again',
  ),
} as const satisfies Record<string, IssueRow>;

export type IssueCode = keyof typeof ISSUES;

function row(means: string, expected: string): IssueRow {
  return { means, expected };
}
