import { csvCells, isQuotedRight } from '../csv/csv-cells.ts';
import { foreignFormat } from '../csv/foreign-format.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import { parseHeader } from './manifest-header.ts';
import type { ManifestColumns } from './manifest-header.ts';
import { readManifestLines } from '../csv/manifest-lines.ts';
import type { ManifestLine } from '../csv/manifest-lines.ts';
import { parseRow } from './manifest-row.ts';
import type { ManifestProduct, ManifestRow } from './manifest-row.ts';
import { SeenRows } from './seen-rows.ts';

/** 4,000 chunks of 250 units: the largest batch the workflows are sized for. */
const MAX_ROWS = 1_000_000;

/** What a manifest contains, in order: a unit, a CSV row that is refused, or a fault of the file or its header. */
export type ManifestEvent =
  | { readonly kind: 'row'; readonly row: ManifestRow }
  | { readonly kind: 'refused'; readonly line: number; readonly issues: readonly Issue[] }
  | { readonly kind: 'file'; readonly issue: Issue };

/**
 * Reads the manifest at `path`: every line below the header becomes exactly one `row` or one `refused`, in order, with
 * all of its issues. It corrects only the case of a board id. The file must be a private copy that does not change.
 * Keeps the folded serials (about 100 MB for 1,000,000 rows) and the board ids, nothing else of what it has yielded.
 */
export async function* parseManifest(
  path: string,
  products: readonly ManifestProduct[],
): AsyncGenerator<ManifestEvent> {
  const foreign = await foreignFormat(path);
  if (foreign !== undefined) {
    yield { kind: 'file', issue: issue(foreign) };
    return;
  }
  const parser = new ManifestParser(products);
  for await (const lines of readManifestLines(path)) {
    yield* parser.push(lines);
    if (parser.stopped) return;
  }
  yield* parser.end();
}

class ManifestParser {
  readonly #products: ReadonlyMap<string, ManifestProduct>;
  readonly #seen = new SeenRows();
  #columns: ManifestColumns | undefined;
  #rows = 0;
  /** The rest cannot be read: the header is unusable, or there are too many rows. */
  stopped = false;

  constructor(products: readonly ManifestProduct[]) {
    this.#products = new Map(products.map((product) => [product.name, product]));
  }

  push(lines: readonly ManifestLine[]): ManifestEvent[] {
    const [header] = lines;
    if (this.#columns !== undefined || header === undefined) return this.#pushRows(lines);
    const { columns, issues } = parseHeader(header);
    const events = issues.map((found): ManifestEvent => ({ kind: 'file', issue: found }));
    this.#columns = columns;
    this.stopped = columns === undefined;
    return this.stopped ? events : [...events, ...this.#pushRows(lines.slice(1))];
  }

  end(): ManifestEvent[] {
    return this.#rows === 0 ? [{ kind: 'file', issue: issue('MANIFEST_NO_ROWS') }] : [];
  }

  #pushRows(all: readonly ManifestLine[]): ManifestEvent[] {
    const lines = all.slice(0, MAX_ROWS - this.#rows);
    this.#rows += lines.length;
    this.stopped = lines.length < all.length;
    const readable = lines.filter((line) => lineIssue(line) === undefined);
    const cells = csvCells(readable.map((line) => line.text)).values();
    const events = lines.map((line) => this.#event(line, cells));
    return this.stopped ? [...events, { kind: 'file', issue: issue('MANIFEST_TOO_MANY_ROWS') }] : events;
  }

  #event(line: ManifestLine, cells: IterableIterator<string[]>): ManifestEvent {
    const unreadable = lineIssue(line);
    if (unreadable !== undefined) return { kind: 'refused', line: line.number, issues: [unreadable] };
    return this.#rowEvent(line, cells.next().value ?? []);
  }

  #rowEvent({ number, text }: ManifestLine, cells: readonly string[]): ManifestEvent {
    const columns = this.#columns;
    if (columns === undefined || cells.length !== columns.width) {
      const expected = `${columns?.width ?? 0} cells, as in the header; this CSV row has ${cells.length}`;
      const found = issue('MANIFEST_CELL_COUNT', { line: number, value: text }, expected);
      return { kind: 'refused', line: number, issues: [found] };
    }
    const { row, issues } = parseRow(number, cells, columns, this.#products);
    issues.push(...this.#seen.add(row, new Set(issues.map((found) => found.column))));
    return issues.length === 0 ? { kind: 'row', row } : { kind: 'refused', line: number, issues };
  }
}

/** Why a line cannot be cut into cells, or undefined. */
function lineIssue({ number, text, fault }: ManifestLine): Issue | undefined {
  const place = { line: number, value: text };
  if (fault !== undefined) return issue(fault, place);
  if (/^[\s,]*$/.test(text)) return issue('MANIFEST_EMPTY_LINE', place);
  return text.includes('"') && !isQuotedRight(text) ? issue('MANIFEST_QUOTE', place) : undefined;
}
