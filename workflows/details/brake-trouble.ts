import type { Brake } from '../../provisioning/batch.ts';
import { hintOf } from '../../provisioning/failure-table.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';

/** Why a chunk starts no further unit, and how people continue. */
export function brakeTrouble(batchId: string, { code, units, stations }: Brake): LineTrouble {
  const where = stations.length === 0 ? '' : ` at ${stations.join(', ')}`;
  // A chunk of a later version may name another code.
  const hint = hintOf(code);
  const again = `certline batch rerun ${batchId} (the Update rerunFailed) tries them again`;
  const without = `certline batch resume ${batchId} (the Update resume) continues without them`;
  const says = `${units} units failed so one after the other${where}, and none passed there, so no further unit starts.${hint === undefined ? '' : ` ${hint}`} Then ${again}; ${without}`;
  return { code, says };
}
