import type { OrderSources } from '../pki/orders/order-desk.ts';
import type { LineConfig } from './config.ts';
import { ordersFolder, releaseKeysPath } from './state-folder.ts';

/** Where the signer of this line finds its orders and the release keys that it trusts. */
export function orderSourcesOf(
  stateFolder: string,
  config: Pick<LineConfig, 'ordersFolder' | 'releaseKeysFile'>,
): OrderSources {
  return {
    folder: config.ordersFolder ?? ordersFolder(stateFolder),
    releaseKeys: config.releaseKeysFile ?? releaseKeysPath(stateFolder),
  };
}
