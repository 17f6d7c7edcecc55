import type { Client } from '@temporalio/client';
import { UNIT_STATUS } from '../provisioning/search-attributes.ts';
import type { SearchAttributeName } from '../provisioning/search-attributes.ts';
import type { Registry } from '../registry/registry.ts';

/** Units that are counted: where more wait, no person decides on each of them. */
const MOST = 10_000;

/** Types of the workflow of a unit: at first, and in a rework. */
const UNIT_WORKFLOWS: ReadonlySet<string> = new Set(['unit', 'reworkUnit']);

const WAITING = `ProvStatus = '${UNIT_STATUS.attention}' AND ExecutionStatus = 'Running'`;

/**
 * How many units wait for a person, by failure code, in batches and reworks. Units of a chunk that the signer refuses to
 * release have no workflow yet: their batch waits for all of them. Throws what the client throws.
 */
export async function unitsWaiting(
  client: Client,
  registry: Pick<Registry, 'waitingUnits'>,
): Promise<ReadonlyMap<string, number>> {
  const codes: string[] = [];
  const begun = new Set<string>();
  const refused = new Set<string>();
  for await (const { type, searchAttributes = {} } of client.workflow.list({
    query: WAITING,
    pageSize: 1_000,
  })) {
    const valueOf = (name: SearchAttributeName): string => String(searchAttributes[name]?.[0] ?? '');
    if (!UNIT_WORKFLOWS.has(type)) {
      refused.add(valueOf('ProvBatch'));
      continue;
    }
    begun.add(valueOf('ProvSerial'));
    codes.push(valueOf('ProvError'));
    if (codes.length === MOST) break;
  }
  for (const batchId of refused)
    for (const { serial, code } of await registry.waitingUnits(batchId))
      if (!begun.has(serial)) codes.push(code);
  return new Map([...Map.groupBy(codes, (code) => code)].map(([code, units]) => [code, units.length]));
}
