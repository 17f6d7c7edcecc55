import type { Registry, ReworkRecord } from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';

/** The rework of this id, or the one whose id begins so. Throws `unknown` where there is none, or several. */
export async function findRework(registry: Registry, given: string): Promise<ReworkRecord> {
  const exact = await registry.rework(given);
  if (exact !== undefined) return exact;
  const found = (await registry.reworks()).filter(({ reworkId }) => reworkId.startsWith(given));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const what =
    first === undefined
      ? `There is no rework ${given}`
      : `${found.length} reworks begin with ${given}: ${found.map(({ reworkId }) => reworkId).join(', ')}`;
  throw new CommandError('unknown', `${what}. "certline rework list" lists them.`);
}
