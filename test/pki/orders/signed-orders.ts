import type { SignedOrder } from '../../../pki/orders/order.ts';
import { orderText } from '../../../pki/orders/order.ts';
import { sha256Hex } from '../../../pki/x509/p256.ts';

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

/**
 * Rows of a ledger of version 8, in which an earlier version gave the quota of a reservation back and called it void;
 * one of which it made while a later version ran beside it; `noBytes` in the words of its database.
 */
export const rowsOfVersion8 = (noBytes: string): string => `
  INSERT INTO batch (batch_id, order_id, quota, reissue_quota, released) VALUES ('b1', 'PO-1', 1, 0, 1);
  INSERT INTO released_serial (serial_folded, serial, batch_id, product) VALUES ('acme-1', 'ACME-1', 'b1', 'sensor');
  INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
      cert_serial, not_before, not_after, tbs, kind, state, reason, reserved_at, ended_at)
    VALUES ('b1/ACME-1/1', 'aa', 'b1', 'acme-1', 1, 'board', 'bb', 'cc', '', '', ${noBytes}, 'first', 'superseded', 'lint',
      '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z');
  INSERT INTO issuance (request_id, request_sha256, batch_id, serial_folded, attempt, board_id, spki_sha256,
      cert_serial, not_before, not_after, tbs, kind, state, reserved_at)
    VALUES ('r2', 'aa', 'b1', 'acme-1', 1, 'other', 'b2', 'c2', '', '', ${noBytes}, 'reissue', 'reserved',
      '2026-01-01T00:00:00.000Z');
  INSERT INTO audit (seq, body, hash) VALUES (1, '{"event":"void","requestId":"b1/ACME-1/1"}', 'dd'),
    (2, '{"event":"refused","request":"signCertificate","serial":"\\u0000"}', 'ee');
`;
