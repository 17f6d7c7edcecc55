import type { SignedOrder } from '../../pki/order.ts';
import { orderText } from '../../pki/order.ts';
import { sha256Hex } from '../../pki/p256.ts';

/** An order as it is after its signature was verified, for a hundred sensors, open for ever unless said otherwise. */
export function signedOrder(changes: Partial<SignedOrder> = {}): SignedOrder {
  const order = {
    order: 'PO-1',
    revision: 1,
    products: ['sensor', 'pump'],
    quantity: 100,
    reissues: 2,
    opens: '2020-01-01T00:00:00.000Z',
    closes: '9999-12-31T23:59:59.000Z',
    ...changes,
  };
  const { sha256: _sha256, signedBy: _signedBy, ...terms } = order;
  return { signedBy: 'acme-release', sha256: sha256Hex(Buffer.from(orderText(terms))), ...order };
}

/** A release of a batch under it. */
export const RELEASE = {
  order: 'PO-1',
  manifestSha256: 'ab'.repeat(32),
  releasedAt: '2026-01-01T00:00:00.000Z',
} as const;
