import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import type { ManifestProduct, ManifestRow } from '../check/manifest-row.ts';
import { orderIssues } from '../check/order-issues.ts';
import type { AskOrder } from '../check/order-issues.ts';
import { parseManifest } from '../check/parse-manifest.ts';
import type { RegisteredBatch, RegisteredUnits, StagedBatch } from '../check/registered-units.ts';
import { prioritySays } from '../../provisioning/priority.ts';
import { validateManifest } from '../check/validate-manifest.ts';
import type { Rejected } from '../check/verdict.ts';
import type { ManifestCopy } from './copy-manifest.ts';
import { claimIssues, priorityClaimed } from './manifest-claims.ts';
import { extensionOf } from './extended-manifest.ts';

/** What a manifest is compared with. */
export interface Surroundings {
  readonly products: readonly ManifestProduct[];
  /** Undefined where there is no registry. */
  readonly registered: RegisteredUnits | undefined;
  /** Undefined where there is no signer to ask, or where its orders are made for the rehearsal. */
  readonly askOrder: AskOrder | undefined;
  /** Waits until no other manifest is between the question about its order and its answer: both would get what is left. */
  readonly takeTurn?: () => Promise<void>;
  /** Products that the sockets of this host take; undefined where the sockets are on other hosts. */
  readonly socketProducts: ReadonlySet<string> | undefined;
}

/** What happens to a manifest that is submitted now. */
export type Assessment =
  | { readonly status: 'known'; readonly batch: RegisteredBatch }
  | Rejected
  | {
      readonly status: 'valid';
      readonly batchId: string;
      readonly order: string;
      /** Units that are not in a batch yet. */
      readonly rows: number;
      readonly understood: readonly string[];
      readonly warnings: readonly string[];
      /** Batches that have the other units. */
      readonly continues: readonly RegisteredBatch[];
      readonly newRows: () => AsyncGenerator<ManifestRow>;
    };

/**
 * Checks a manifest against everything that can refuse it: intake and `certline validate` agree. It changes nothing, except that
 * intake has the new units stored in `staged`, which is not a batch yet.
 */
export async function assessManifest(
  copy: ManifestCopy,
  around: Surroundings,
  staged?: Pick<StagedBatch, 'add'>,
): Promise<Assessment> {
  const { products, registered, askOrder } = around;
  const known = await registered?.batchOf(copy.sha256);
  if (known !== undefined) {
    const issues = await againIssues(copy, known, products);
    return issues.length > 0 ? onlyThese(issues, 0) : { status: 'known', batch: known };
  }
  const found = await validateManifest(copy.path, products, registered, staged);
  const claims = claimIssues(copy.claims, { rows: found.rows, sha256: copy.sha256 });
  const { order } = found;
  const extension =
    registered !== undefined && found.takenBy.size > 0
      ? await extensionOf(copy, found, registered, products)
      : undefined;
  const [first] = extension?.batches ?? [];
  if (
    extension !== undefined &&
    first !== undefined &&
    extension.changed.count + extension.rows + claims.length === 0
  )
    return { status: 'known', batch: first };
  const issues: Issue[] = [...claims];
  const rows = extension?.rows ?? found.rows;
  const batchId = batchIdOf(order, copy.sha256);
  const newRows = (): AsyncGenerator<ManifestRow> =>
    rowsOf(copy.path, products, (row) => !found.taken.has(row.serial));
  if (askOrder !== undefined && order !== '' && rows > 0) {
    await around.takeTurn?.();
    const open = ((await registered?.listBatches()) ?? [])
      .filter((batch) => batch.order === order && batch.state === 'open')
      .map(({ batchId: id, quantity }) => ({ batchId: id, quantity }));
    const question = {
      batchId,
      order,
      manifestSha256: copy.sha256,
      quantity: rows,
      products: [...found.products],
      open,
    };
    issues.push(...(await orderIssues(question, newRows(), askOrder)));
  }
  // Of a manifest that extends batches, only what differs from them is a fault.
  const faults = extension?.changed ?? found;
  if (faults.count + issues.length > 0) {
    faults.addToRows(issues);
    return faults.verdict();
  }
  const priority = priorityClaimed(copy.claims);
  const understood = [
    ...found.understood,
    ...(priority === undefined ? [] : [`Its priority is ${prioritySays(priority)}.`]),
  ];
  return {
    status: 'valid',
    batchId,
    order,
    rows,
    understood,
    warnings: warningsOf(found.products, around.socketProducts),
    continues: extension?.batches ?? [],
    newRows,
  };
}

/** The id of the batch that a manifest with this order and content becomes. */
export function batchIdOf(order: string, manifestSha256: string): string {
  return `${order}-${manifestSha256.slice(0, 8)}`;
}

/** Why content that was accepted before is refused: it is not what it says it is now, or it was withdrawn. */
async function againIssues(
  { path, sha256, claims }: ManifestCopy,
  known: RegisteredBatch,
  products: readonly ManifestProduct[],
): Promise<Issue[]> {
  // The batch has only those units that were new then.
  const rows = claims.rows === undefined ? 0 : await rowCount(path, products);
  const issues = claimIssues(claims, { rows, sha256 });
  return known.freedAt === undefined ? issues : [...issues, withdrawn(known)];
}

async function rowCount(path: string, products: readonly ManifestProduct[]): Promise<number> {
  let count = 0;
  for await (const { rows, refused } of parseManifest(path, products)) count += rows.length + refused;
  return count;
}

/** What was withdrawn is not made again because the same file comes again. */
function withdrawn({ batchId, manifest }: RegisteredBatch): Issue {
  const expected = `a corrected manifest; to run the units of ${manifest} after all: certline batch rerun ${batchId} --ended --reason "why"`;
  return issue('MANIFEST_WITHDRAWN', { value: batchId }, expected);
}

function onlyThese(issues: readonly Issue[], rows: number): Rejected {
  const refusedRows = issues.filter(({ line }) => line > 0).length;
  return {
    status: 'rejected',
    issues: issues.slice(0, 1_000),
    omitted: Math.max(0, issues.length - 1_000),
    rows,
    refusedRows,
  };
}

function warningsOf(products: ReadonlySet<string>, sockets: ReadonlySet<string> | undefined): string[] {
  if (sockets === undefined) return [];
  const without = [...products].filter((product) => !sockets.has(product));
  return without.map(
    (product) =>
      `No socket of this host takes product ${product}: its units wait until a station with such a socket starts.`,
  );
}

async function* rowsOf(
  path: string,
  products: readonly ManifestProduct[],
  isNew: (row: ManifestRow) => boolean,
): AsyncGenerator<ManifestRow> {
  for await (const { rows } of parseManifest(path, products)) yield* rows.filter(isNew);
}
