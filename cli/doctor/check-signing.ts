import { isThere } from '../../disk/is-there.ts';
import { orderSourcesOf, orderTermsOf } from '../../line/orders.ts';
import { caFolder } from '../../line/state-folder.ts';
import type { Invocation } from '../invocation.ts';
import { withLedgerIfAny } from '../open-ledger.ts';
import { checkOrders } from './check-orders.ts';
import { checkStations } from './check-stations.ts';
import { fail } from './finding.ts';
import type { Finding } from './finding.ts';
import { CLOCK_TOLERANCE_MS } from '../../pki/clock-tolerance.ts';

/** A clock that was ahead once leaves entries of a time to come. */
function checkLogTime(latest: string | undefined, now: Date = new Date()): Finding[] {
  if (latest === undefined || Date.parse(latest) <= now.getTime() + CLOCK_TOLERANCE_MS) return [];
  const says = `the audit log has an entry of ${latest}, and it is ${now.toISOString()}, so nothing is signed: set the clock, or run "certline audit accept-clock"`;
  return [fail('audit log', 'signer', says)];
}

/**
 * What the signer of this host may sign, and for whom; on another host, whether its stations can ask. `isAnswering`:
 * the ledger opens.
 */
export async function checkSigning(invocation: Invocation, isAnswering: boolean): Promise<Finding[]> {
  const { stateFolder, config } = invocation;
  const stations = { stateFolder, configured: config.stations };
  if (!isThere(caFolder(stateFolder))) return checkStations({ ...stations, enrolled: undefined });
  const sources = orderSourcesOf(stateFolder, config);
  const terms = orderTermsOf(stateFolder, config);
  if (!isAnswering) return await checkOrders(sources, async () => undefined, terms);
  return await withLedgerIfAny(invocation, 'read', async (ledger) => [
    ...checkLogTime(await ledger?.auditLog.latestTime()),
    ...(await checkOrders(sources, async (order) => await ledger?.orders.orderStanding(order), terms)),
    ...checkStations({ ...stations, enrolled: (await ledger?.stations.stations()) ?? [] }),
  ]);
}
