import { IssueList } from './issue-list.ts';
import type { ManifestProduct, ManifestRow } from './manifest-row.ts';
import { parseManifest } from './parse-manifest.ts';
import { registeredIssues } from './registered-units.ts';
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
  registered: RegisteredUnits,
): Promise<IssueList> {
  const found = new IssueList();
  let page: ManifestRow[] = [];
  for await (const event of parseManifest(path, products)) {
    found.add(event);
    if (event.kind === 'row') page.push(event.row);
    if (page.length < PAGE_ROWS) continue;
    found.addToRows(await registeredIssues(page, registered));
    page = [];
  }
  found.addToRows(await registeredIssues(page, registered));
  return found;
}
