import { IssueList } from './issue-list.ts';
import type { ManifestProduct, ManifestRow } from './manifest-row.ts';
import { parseManifest } from './parse-manifest.ts';
import { takenRows } from './registered-units.ts';
import type { RegisteredUnits } from './registered-units.ts';

/** Rows whose serials are looked up together. */
const PAGE_ROWS = 500;

/**
 * Checks the manifest at `path` against the products and the registry. It changes nothing. A list without issues means
 * that the manifest may be imported.
 */
export async function validateManifest(
  path: string,
  products: readonly ManifestProduct[],
  registered: RegisteredUnits | undefined,
): Promise<IssueList> {
  const found = new IssueList();
  for await (const page of parseManifest(path, products)) {
    found.add(page);
    if (registered === undefined) continue;
    for (const rows of pages(page.rows)) found.addTaken(await takenRows(rows, registered));
  }
  return found;
}

function* pages(rows: readonly ManifestRow[]): Generator<readonly ManifestRow[]> {
  for (let at = 0; at < rows.length; at += PAGE_ROWS) yield rows.slice(at, at + PAGE_ROWS);
}
