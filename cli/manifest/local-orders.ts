import { orderTermsOf } from '../../line/orders.ts';
import type { AskOrder } from '../../manifests/check/order-issues.ts';
import { checkTerms, readOrder, readSerials } from '../../pki/orders/order-desk.ts';
import type { OrderSources } from '../../pki/orders/order-desk.ts';
import { profileOfProduct, profileSha256 } from '../../pki/profile/certificate-profile.ts';
import { answerOrderQuestion } from '../../pki/orders/order-question.ts';
import type { Invocation } from '../invocation.ts';
import { withLedgerIfAny } from '../open-ledger.ts';

/** Lends a way to ask about orders that reads the files and the ledger of the signer on this host. */
export async function withLocalOrders<T>(
  invocation: Invocation,
  sources: OrderSources,
  use: (ask: AskOrder) => Promise<T>,
): Promise<T> {
  const { stateFolder, config } = invocation;
  return await withLedgerIfAny(invocation, 'read', async (ledger) => {
    const terms = orderTermsOf(stateFolder, config);
    return await use((question) =>
      answerOrderQuestion(question, {
        admit: async (id) => {
          const order = readOrder(sources, id);
          checkTerms(order, terms);
          return { order, serials: readSerials(sources.folder, order) };
        },
        standing: async ({ order }) => {
          const {
            released = 0,
            reissued = 0,
            closedAt,
          } = (await ledger?.orders.orderStanding(order.order)) ?? {};
          return { ...order, released, reissued, ...(closedAt !== undefined && { closedAt }) };
        },
        orderOfBatch: async (batchId) => ledger?.orders.orderOfBatch(batchId),
        profileOf: (name) => {
          const product = config.products.find((each) => each.name === name);
          return product && profileSha256(profileOfProduct(product));
        },
      }),
    );
  });
}
