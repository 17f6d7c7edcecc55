import { isThere } from '../../disk/is-there.ts';
import { ordersFolder, releaseKeysPath, releasePassphrasePath } from '../../line/state-folder.ts';
import type { AskOrder } from '../../manifests/check/order-issues.ts';
import type { Invocation } from '../invocation.ts';
import { chosenBy } from '../../temporal/server/chosen-server.ts';

/**
 * Lends a way to ask whether an order allows a manifest: from the files of the signer, where they are on this host; from
 * the signer, where the environment names a Temporal server; else undefined. Also undefined for a rehearsal, which signs
 * its own orders.
 */
export async function withOrders<T>(
  invocation: Invocation,
  use: (ask: AskOrder | undefined) => Promise<T>,
): Promise<T> {
  const { stateFolder, config } = invocation;
  if (isThere(releasePassphrasePath(stateFolder))) return await use(undefined);
  const folder = config.ordersFolder ?? ordersFolder(stateFolder);
  // What is needed for one of the two ways takes longer to load than a small manifest to check.
  if (isThere(folder)) {
    const { withLocalOrders } = await import('./local-orders.ts');
    const releaseKeys = config.releaseKeysFile ?? releaseKeysPath(stateFolder);
    return await withLocalOrders(invocation, { folder, releaseKeys }, use);
  }
  if (chosenBy(process.env) === undefined) return await use(undefined);
  const { withLineClient } = await import('../line/line-client.ts');
  const { askSigner } = await import('../../workers/ask-order.ts');
  return await withLineClient(stateFolder, (client) => use(askSigner(client)));
}
