import { csvItems } from '../csv/csv-items.ts';
import type { CsvItem, LineFault } from '../csv/csv-items.ts';
import { lineBlocks, MAX_LINE_BYTES } from '../csv/line-blocks.ts';
import type { LineBlock, TextEnd } from '../csv/line-blocks.ts';
import { readText, textForm } from '../csv/text-source.ts';
import type { TextForm } from '../csv/text-source.ts';
import { withoutUnseen } from '../csv/visible-text.ts';
import { REQUIRED_COLUMNS } from './column-names.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { columnsOfRows, headerOf } from './header-block.ts';
import { lineEndIssue, mixedLineEnds } from './line-end-issues.ts';
import type { ManifestColumns } from './manifest-header.ts';
import { RowReader } from './manifest-row.ts';
import type { ManifestProduct, ManifestRow } from './manifest-row.ts';
import { oddRow } from './odd-rows.ts';
import { quoteIssue } from './quote-issue.ts';
import { SeenRows } from './seen-rows.ts';
import { separatorName, withLastCell } from './separators.ts';

/** 4,000 chunks of 250 units: the largest batch the workflows are sized for. */
export const MAX_ROWS = 1_000_000;

/** A part of what a manifest contains, in the order of the file. */
export interface ManifestPage {
  /** Units that are good by themselves and with the rows before them. */
  readonly rows: readonly ManifestRow[];
  /** CSV rows that are refused. */
  readonly refused: number;
  /** Their issues, and those of the file and its header. */
  readonly issues: readonly Issue[];
  /** In the last page: issues of rows that were good in a page before, and are wrong among the others. */
  readonly late: readonly Issue[];
  /** Sentences on what was understood where a strict reader would have refused; in the last page. */
  readonly understood: readonly string[];
}

/**
 * Reads the manifest at `path`: every CSV row below the header becomes exactly one unit or is refused, with all of its
 * issues; empty ones at the end are left out. It corrects only the case of a board id. The file must be a private copy
 * that does not change. Keeps the serials (about 30 MB for 1,000,000 rows) and the board ids, nothing else of what it
 * has yielded.
 */
export async function* parseManifest(
  path: string,
  products: readonly ManifestProduct[],
): AsyncGenerator<ManifestPage> {
  const form = await textForm(path);
  if ('fault' in form) {
    const expected =
      form.detail === undefined
        ? undefined
        : `CSV: this file is ${form.detail}, so export the table as CSV instead`;
    yield pageOf({ issues: [issue(form.fault, {}, expected)] });
    return;
  }
  const parser = new ManifestParser(products, form);
  for await (const block of lineBlocks(readText(path, form))) {
    yield parser.push(block);
    if (parser.stopped) return;
  }
  yield parser.end();
}

function pageOf(page: Partial<ManifestPage>): ManifestPage {
  return { rows: [], refused: 0, issues: [], late: [], understood: [], ...page };
}

class ManifestParser {
  readonly #products: readonly ManifestProduct[];
  readonly #seen = new SeenRows();
  readonly #understood: string[] = [];
  #columns: ManifestColumns | undefined;
  #reader: RowReader | undefined;
  /** Whether the header has every column that it must have. */
  #isWhole = false;
  /** Whether it was said that the header lacks board_id. */
  #isBoardTold = false;
  /** Whether CSV rows were read. */
  #hasRows = false;
  #headerLine = 1;
  /** Number of the line that is read next, from 1. */
  #line = 1;
  #rowCount = 0;
  /** Empty CSV rows after the last one that is not; nothing is wrong with them at the end of the file. */
  #blank: number[] = [];
  #shortRows = 0;
  #rows: ManifestRow[] = [];
  #issues: Issue[] = [];
  #refused = 0;
  /** The rest cannot be read: the header is unusable, or there are too many rows. */
  stopped = false;

  constructor(products: readonly ManifestProduct[], form: TextForm) {
    this.#products = products;
    if (form.encoding !== 'utf-8') this.#understood.push('The text is UTF-16.');
    if (form.lineEnd === 'CR')
      this.#understood.push('The header ends with CR, which was read as a line break.');
  }

  push(block: LineBlock): ManifestPage {
    const below = this.#columns === undefined ? this.#readHeader(block) : block;
    if (this.#columns !== undefined && below.bytes.length > 0) this.#readRows(below);
    if (block.end !== undefined) this.#readEnd(block.end);
    return this.#page();
  }

  end(): ManifestPage {
    const trusted = this.#products.filter(({ serialPattern }) => serialPattern !== undefined);
    const late = this.#seen.neighbourIssues(new Set(trusted.map(({ name }) => name)));
    if (this.#rowCount === 0) this.#issues.push(issue('MANIFEST_NO_ROWS'));
    if (this.#blank.length > 0)
      this.#understood.push(`${counted(this.#blank.length, 'empty CSV row')} left out at the end.`);
    if (this.#shortRows > 0)
      this.#understood.push(
        `${this.#shortRows} CSV ${this.#shortRows === 1 ? 'row ends' : 'rows end'} before the last columns, whose cells were read as empty.`,
      );
    this.#understood.push(...(this.#reader?.notes ?? []));
    return { ...this.#page(), late, understood: this.#understood.map(withoutUnseen) };
  }

  #page(): ManifestPage {
    const page = pageOf({ rows: this.#rows, refused: this.#refused, issues: this.#issues });
    this.#rows = [];
    this.#issues = [];
    this.#refused = 0;
    return page;
  }

  /** Returns what is below the header. */
  #readHeader(block: LineBlock): LineBlock {
    const { columns, line, issues, understood, below } = headerOf(block);
    this.#issues.push(...issues);
    this.#understood.push(...understood);
    this.#columns = columns;
    this.#isWhole = REQUIRED_COLUMNS.every((column) => columns?.cells.has(column));
    this.#headerLine = line;
    this.#line = line + 1;
    if (columns === undefined) this.stopped = true;
    else this.#reader = new RowReader(columns, this.#products);
    return below;
  }

  /** The first rows say whether they have the spaces that are in the header. */
  #settleSeparator(block: LineBlock): void {
    const before = this.#columns!;
    this.#hasRows = true;
    this.#columns = columnsOfRows(before, block);
    if (this.#columns.separator === before.separator) return;
    this.#understood.push(`In the CSV rows, no space follows the ${separatorName(this.#columns.separator)}.`);
  }

  #readRows(block: LineBlock): void {
    if (!this.#hasRows) this.#settleSeparator(block);
    for (const item of csvItems(block, this.#columns!.separator)) {
      if (this.stopped) return;
      if ('fault' in item) this.#refuseLine(item);
      else this.#readCells(item, block.end !== undefined);
      if (!this.#isBoardTold && this.#reader!.withoutBoard !== undefined) this.#tellBoard();
      this.#line += 'fault' in item ? item.lines : 1;
    }
  }

  /** One fault of the header instead of one for each row. */
  #tellBoard(): void {
    this.#isBoardTold = true;
    if (this.#columns!.hasMeantBoard) return;
    const expected = `a column board_id: product ${this.#reader!.withoutBoard} requires the hardware id of the board for each unit`;
    this.#issues.push(
      issue('MANIFEST_COLUMN_MISSING', { line: this.#headerLine, column: 'board_id' }, expected),
    );
  }

  #refuseLine({ fault, text }: LineFault): void {
    this.#countRow();
    this.#refuse([this.#lineIssue(fault, text)]);
  }

  #lineIssue(fault: LineFault['fault'], text: string): Issue {
    if (fault === 'MANIFEST_LINE_ENDING') return mixedLineEnds(this.#line, text);
    if (fault === 'MANIFEST_QUOTE') return quoteIssue(this.#line, text, this.#columns!.separator);
    return issue(fault, { line: this.#line, value: text });
  }

  #readCells(cells: Exclude<CsvItem, LineFault>, isLast: boolean): void {
    const columns = this.#columns!;
    if (cells.length === columns.width) {
      const row = this.#reader!.read(this.#line, cells);
      const { issues } = this.#reader!;
      if (issues.length === 0 && !isLast && this.#isWhole) return this.#acceptOrRefuse(row);
      return this.#readSlowly(row, issues, cells, isLast);
    }
    if (isBlank(cells)) return this.#leaveOut();
    const fitted = this.#fitted(cells, isLast);
    if (fitted === undefined) return this.#refuseWidth(cells, isLast);
    const row = this.#reader!.read(this.#line, fitted);
    return this.#readSlowly(row, this.#reader!.issues, fitted, isLast);
  }

  #acceptOrRefuse(row: ManifestRow): void {
    this.#countRow();
    const issues = this.#seen.addGood(row);
    if (issues === undefined) this.#rows.push(row);
    else this.#refuse(issues);
  }

  #readSlowly(row: ManifestRow, found: readonly Issue[], cells: readonly string[], isLast: boolean): void {
    if (isBlank(cells)) return this.#leaveOut();
    if (isLast && this.#isCut(row)) return this.#refuseCut(cells);
    if (found.length === 0 && this.#isWhole) return this.#acceptOrRefuse(row);
    const odd = this.#oddRow(cells);
    this.#countRow();
    const line = this.#line;
    if (cells.join().length > MAX_LINE_BYTES) return this.#refuse([tooLong(line, cells.join())]);
    if (cells.at(-1)?.endsWith('\r') === true) return this.#refuse([lineEndIssue(line, cells.join())]);
    if (cells[0]?.startsWith('\r') === true) return this.#refuse([mixedLineEnds(line, cells.join())]);
    if (odd !== undefined) return this.#refuse([odd]);
    const more = this.#seen.add(row, new Set(found.map(({ column }) => column)));
    if (found.length + more.length > 0) this.#refuse([...found, ...more]);
    else this.#rows.push(row);
  }

  /**
   * The cells of a row with another width than the header: empty ones at the end are left out, and where only columns
   * are missing that may be empty, they are. Excel leaves out the separators at the end of some rows.
   */
  #fitted(found: readonly string[], isLast: boolean): readonly string[] | undefined {
    const { separator, width } = this.#columns!;
    // What is required is not left empty: there the file may be cut.
    const cells = this.#hasRequired(found.length) ? withLastCell(found, separator) : found;
    if (cells.length === width) return cells;
    if (cells.length > width) return isBlank(cells.slice(width)) ? cells.slice(0, width) : undefined;
    if (!this.#hasRequired(cells.length) || isLast) return undefined;
    this.#shortRows += 1;
    return [...cells, ...Array.from({ length: width - cells.length }, () => '')];
  }

  /** Whether each required column is among the first `count` cells. */
  #hasRequired(count: number): boolean {
    const { cells } = this.#columns!;
    return REQUIRED_COLUMNS.every((column) => (cells.get(column) ?? 0) < count);
  }

  #refuseWidth(cells: readonly string[], isLast: boolean): void {
    const { separator, width } = this.#columns!;
    const line = this.#line;
    if (cells.some((cell) => cell.includes('\r'))) return this.#refuseMixed(cells);
    const odd = this.#oddRow(cells);
    if (isLast && cells.length < width && odd?.code !== 'MANIFEST_NOTE') return this.#refuseCut(cells);
    this.#countRow();
    const text = cells.join(separator);
    if (text.length > MAX_LINE_BYTES) return this.#refuse([tooLong(line, text)]);
    const remedy = widthRemedy(cells.length, this.#columns!, line);
    const expected = `${width} cells, as in the header; this CSV row has ${cells.length}${remedy}`;
    this.#refuse([odd ?? issue('MANIFEST_CELL_COUNT', { line, value: text }, expected)]);
  }

  #refuseMixed(cells: readonly string[]): void {
    this.#countRow();
    this.#refuse([mixedLineEnds(this.#line, cells.join(this.#columns!.separator))]);
  }

  #oddRow(cells: readonly string[]): Issue | undefined {
    const { before, isProduct } = this.#reader!;
    return oddRow(this.#line, cells, this.#columns!, { before, isProduct, rows: this.#rowCount });
  }

  #refuseCut(cells: readonly string[]): void {
    this.#countRow();
    this.#refuse([
      issue('MANIFEST_CUT_SHORT', { line: this.#line, value: cells.join(this.#columns!.separator) }),
    ]);
  }

  /** Whether the last cell of the file is only the beginning of its value. */
  #isCut(row: ManifestRow): boolean {
    const { width, cells } = this.#columns!;
    const column = [...cells].find(([, at]) => at === width - 1)?.[0];
    return column !== undefined && this.#seen.isCut(row, column);
  }

  #refuse(issues: readonly Issue[]): void {
    this.#refused += 1;
    this.#issues.push(...issues);
  }

  /** An empty CSV row. A file of line breaks alone has 200,000,000. */
  #leaveOut(): void {
    this.#blank.push(this.#line);
    if (this.#blank.length > MAX_ROWS) this.#stopAtRows();
  }

  /** A row that is not empty follows: those before it are in the middle of the units. */
  #countRow(): void {
    for (const line of this.#blank) this.#refuse([issue('MANIFEST_EMPTY_LINE', { line })]);
    this.#rowCount += 1 + this.#blank.length;
    this.#blank = [];
    if (this.#rowCount > MAX_ROWS) this.#stopAtRows();
  }

  #stopAtRows(): void {
    this.#issues.push(issue('MANIFEST_TOO_MANY_ROWS'));
    this.stopped = true;
  }

  #readEnd(end: TextEnd): void {
    if (end === 'no-line-break') this.#understood.push('The last CSV row has no line break at its end.');
    else {
      const what =
        end === 'nul'
          ? 'NUL (U+0000), which an interrupted copy leaves'
          : 'Ctrl-Z (U+001A), which old programs write';
      const expected = `nothing after the last CSV row: delete the ${what}, or copy the file again`;
      this.#issues.push(issue('MANIFEST_TAIL', { line: this.#line }, expected));
    }
  }
}

function widthRemedy(count: number, { separator, width }: ManifestColumns, line: number): string {
  if (count === 1) return `: if it is no unit, delete line ${line}`;
  return count > width
    ? `: if a value has ${separatorName(separator)} in it, put the value in quotes (")`
    : '';
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

function tooLong(line: number, value: string): Issue {
  return issue('MANIFEST_LINE_TOO_LONG', { line, value });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? ' was' : 's were'}`;
}
