import type { BatchRecord, Registry } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';
import { didYouMean } from '../nearest-names.ts';

/**
 * The batch that is meant by `given`: its whole id, or the beginning of one that no other batch has. Throws `unknown`
 * with the nearest ids, or with those that it could be.
 */
export async function findBatch(
  registry: Pick<Registry, 'listBatches'>,
  given: string,
): Promise<BatchRecord> {
  const batches = await registry.listBatches();
  const wanted = given.toLowerCase();
  const exact = batches.find(({ batchId }) => batchId.toLowerCase() === wanted);
  const beginning = batches.filter(({ batchId }) => batchId.toLowerCase().startsWith(wanted));
  const found = exact ?? (beginning.length === 1 ? beginning[0] : undefined);
  if (found !== undefined) return found;
  const ids = (beginning.length > 0 ? beginning : batches).map(({ batchId }) => batchId);
  throw new CommandError('unknown', beginning.length > 0 ? ambiguous(given, ids) : noSuchBatch(given, ids));
}

function ambiguous(given: string, ids: readonly string[]): string {
  const shown = ids.slice(0, 5).join(', ');
  const more = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
  return `${given} could be ${shown}${more}: type more of the id.`;
}

function noSuchBatch(given: string, ids: readonly string[]): string {
  const hint = didYouMean(given, ids) || ' "certline batch list" lists them all.';
  return `There is no batch ${given}.${hint}`;
}

/**
 * For what cannot be undone: with `--yes` nobody is asked, so nobody would see which batch the beginning of an id found. `id`: of
 * the batch or of a run of it. Throws `usage`.
 */
export function mustBeWhole(given: string, id: string, options: { readonly yes?: boolean }): void {
  const [asked, whole] = [given, id].map((each) => each.split('/')[0]!.toLowerCase());
  if (options.yes !== true || asked === whole) return;
  throw new CommandError(
    'usage',
    `${given} is only the beginning of ${id}: with --yes, give the whole id. Without --yes you are asked.`,
  );
}
