import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import type { IssueList } from '../check/issue-list.ts';
import type { ManifestProduct, ManifestRow } from '../check/manifest-row.ts';
import { parseManifest } from '../check/parse-manifest.ts';
import type { RegisteredBatch } from '../check/registered-units.ts';
import type { ManifestCopy } from './copy-manifest.ts';

/** A manifest that has all units of earlier ones unchanged, and may have more. */
export interface Extension {
  /** The batches that have the earlier units. */
  readonly batches: readonly RegisteredBatch[];
  /** New units. */
  readonly rows: number;
  /** Rows of earlier units that are not the same as there. */
  readonly changed: readonly Issue[];
}

/**
 * Whether a manifest extends earlier ones, whose units are the reason why it is refused: a copy that stalled and then
 * grew, or a list to which units were added. Undefined if units of an earlier manifest are missing in it: then it has
 * serials of another lot by mistake.
 */
export async function extensionOf(
  copy: ManifestCopy,
  found: IssueList,
  earlier: readonly RegisteredBatch[],
  products: readonly ManifestProduct[],
): Promise<Extension | undefined> {
  const batches = earlier.filter(({ batchId }) => found.takenBy.has(batchId));
  const paths = batches.map(({ manifestSha256 }) => join(dirname(copy.path), `${manifestSha256}.csv`));
  if (found.otherCount > 0 || batches.length === 0) return undefined;
  if (batches.some(({ order }) => order !== found.order) || !paths.every((path) => existsSync(path)))
    return undefined;
  const before = new Map<string, string>();
  for (const path of paths) {
    for await (const page of parseManifest(path, products))
      for (const row of page.rows) before.set(row.serial, digestOf(row));
  }
  const changed: Issue[] = [];
  let rows = 0;
  for await (const page of parseManifest(copy.path, products)) {
    for (const row of page.rows) {
      const digest = before.get(row.serial);
      before.delete(row.serial);
      if (!found.taken.has(row.serial)) rows += 1;
      else if (digest !== digestOf(row)) changed.push(changedRow(row));
    }
  }
  return before.size > 0 ? undefined : { batches, rows, changed };
}

/** The unit without its line, short: a lot of 1,000,000 units is compared in memory. */
function digestOf({ serial, product, boardId, attrs }: ManifestRow): string {
  const sorted = Object.entries(attrs).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const text = JSON.stringify([serial, product, boardId, sorted]);
  return createHash('sha256').update(text).digest('base64').slice(0, 16);
}

function changedRow({ line, serial }: ManifestRow): Issue {
  return issue('MANIFEST_ROW_CHANGED', { line, column: 'serial', value: serial });
}
