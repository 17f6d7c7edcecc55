import { IssueList } from './issue-list.ts';
import type { ManifestProduct } from './manifest-row.ts';
import { parseManifest } from './parse-manifest.ts';
import { lookUp, takenRows } from './registered-units.ts';
import type { RegisteredUnits, StagedBatch } from './registered-units.ts';

/**
 * Checks the manifest at `path` against the products and the registry. A list without issues means that the manifest may be
 * imported. It changes nothing, or stores the rows in `staged`, in the same pass and for as long as nothing is wrong with them
 * but that an earlier batch has some: to store a row shows this too.
 */
export async function validateManifest(
  path: string,
  products: readonly ManifestProduct[],
  registered: RegisteredUnits | undefined,
  staged?: Pick<StagedBatch, 'add'>,
): Promise<IssueList> {
  const found = new IssueList();
  for await (const page of parseManifest(path, products)) {
    found.add(page);
    const { rows } = page;
    if (registered === undefined || rows.length === 0) continue;
    const isWanted = staged !== undefined && found.otherCount === 0;
    const taken = isWanted ? await staged.add(rows) : await lookUp(rows, registered);
    found.addTaken(takenRows(rows, taken));
  }
  return found;
}
