import { isThere } from '../../disk/is-there.ts';
import type { OrderStanding } from '../../pki/orders/order-policy.ts';
import { readOrder, readOrderFile } from '../../pki/orders/order-desk.ts';
import type { OrderSources } from '../../pki/orders/order-desk.ts';
import { openOrder } from '../../pki/orders/order.ts';
import type { SignedOrder } from '../../pki/orders/order.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import type { ReleasedBatch } from '../../pki/ledger/orders.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedgerIfAny } from '../open-ledger.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';

export interface ShowOrderOptions {
  readonly releaseKeys?: string;
  readonly json?: boolean;
}

/** `certline order show`. Throws ORDER_UNKNOWN, ORDER_INVALID. */
export async function showOrder(
  invocation: Invocation,
  given: string,
  options: ShowOrderOptions,
): Promise<void> {
  const configured = orderSourcesOf(invocation.stateFolder, invocation.config);
  const releaseKeys = options.releaseKeys ?? configured.releaseKeys;
  const file = readOrderFile(given);
  const order =
    file === undefined
      ? readStoredOrder({ ...configured, releaseKeys }, given)
      : openOrder(file, readVerifierKeys(releaseKeys), `The order ${given}`);
  const { standing, batches } = await withLedgerIfAny(invocation, 'read', async (ledger) => ({
    standing: await ledger?.orders.orderStanding(order.order),
    batches: (await ledger?.orders.batchesOf(order.order)) ?? [],
  }));
  if (options.json === true) {
    const { released = 0, reissued = 0, closedAt = null } = standing ?? {};
    const shown = batches.map((batch) => ({ ...batch, unused: unusedOf(batch) }));
    printJson({ ...order, released, reissued, closedAt, batches: shown });
  } else {
    printOrder(order, standing);
    if (batches.length > 0) await printBatches(batches);
  }
}

/** The signer's own errors name no folder, since strangers receive them; a person at the signer needs it. */
function readStoredOrder(sources: OrderSources, given: string): SignedOrder {
  if (isThere(sources.folder)) return readOrder(sources, given);
  const message = `There is no folder of orders ${sources.folder}, and no file ${given}: name the signer's folder with --state.`;
  throw new CommandError('unknown', message);
}

/** Units of a batch that may still get their first certificate. */
function unusedOf({ quota, returned, reserved }: ReleasedBatch): number {
  return quota - returned - reserved;
}

async function printBatches(batches: readonly ReleasedBatch[]): Promise<void> {
  printLine();
  const heads = ['UNITS', 'SERIALS', 'CERTIFIED', 'REISSUED', 'UNUSED'];
  await printTable(
    [
      { head: 'BATCH' },
      ...heads.map((head) => ({ head, align: 'right' as const })),
      { head: 'WITHDRAWN' },
      { head: 'MANIFEST SHA-256' },
    ],
    batches.map((batch) => {
      const { batchId, quota, serials, reserved, reissued, withdrawnAt, manifestSha256 } = batch;
      const counts = [quota, serials, reserved, reissued, unusedOf(batch)].map(String);
      const withdrawn = withdrawnAt === undefined ? '' : shownTime(withdrawnAt);
      return [batchId, ...counts, withdrawn, manifestSha256 ?? 'not recorded'];
    }),
  );
}

function shownProfile([product, digest]: [string, string]): string {
  return `${product} SHA-256 ${digest}`;
}

function printOrder(order: SignedOrder, standing: OrderStanding | undefined): void {
  const { quantity, reissues, revision, manifestSha256, serialsSha256, profiles, signer, sha256 } = order;
  const { released = 0, reissued = 0, closedAt } = standing ?? {};
  const newer =
    standing !== undefined && standing.revision > revision
      ? `the signer knows revision ${standing.revision}: this one is no longer valid`
      : undefined;
  printFields([
    ['Order', `${order.order}, revision ${revision}`],
    ['Signature', `good, by ${order.signedBy}`],
    ['Products', order.products.join(', ')],
    ['Quantity', `${quantity} units, ${released} released, ${quantity - released} left`],
    ['Reissues', `${reissues}, ${reissued} used`],
    ['Opens', shownTime(order.opens)],
    ['Closes', shownTime(order.closes)],
    ['Manifest', manifestSha256 === undefined ? undefined : `SHA-256 ${manifestSha256}`],
    ['Serials', serialsSha256 === undefined ? undefined : `SHA-256 ${serialsSha256}`],
    ['Profiles', profiles === undefined ? undefined : Object.entries(profiles).map(shownProfile).join(', ')],
    ['Signer', signer],
    ['Closed', closedAt === undefined ? undefined : `${shownTime(closedAt)}, permanently`],
    ['Replaced', newer],
    ['SHA-256', sha256],
  ]);
}
