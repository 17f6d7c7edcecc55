import type { SQLOutputValue } from 'node:sqlite';
import type { Issuance, IssuanceState } from './issuance-ledger.ts';
import type { EarlierIssuance, IssuanceKind } from './issuance-policy.ts';
import type { LedgerRow } from './ledger-database.ts';

/** The part of an issuance's row that decides about later ones. */
export function earlierOf(row: LedgerRow): EarlierIssuance {
  return {
    requestId: text(row['request_id']),
    serial: text(row['serial']),
    attempt: Number(row['attempt']),
    boardId: text(row['board_id']),
    state: text(row['state']) as IssuanceState,
    kind: text(row['kind']) as IssuanceKind,
  };
}

/** An issuance's row, joined with its released serial. */
export function issuanceOf(row: LedgerRow | undefined): Issuance | undefined {
  if (row === undefined) return undefined;
  const { certificate, reason } = row;
  return {
    requestId: text(row['request_id']),
    requestSha256: text(row['request_sha256']),
    batchId: text(row['batch_id']),
    serial: text(row['serial']),
    product: text(row['product']),
    attempt: Number(row['attempt']),
    boardId: text(row['board_id']),
    spkiSha256: text(row['spki_sha256']),
    certificateSerial: text(row['cert_serial']),
    notBefore: text(row['not_before']),
    notAfter: text(row['not_after']),
    tbs: row['tbs'] as Uint8Array,
    reservedAt: text(row['reserved_at']),
    state: text(row['state']) as IssuanceState,
    ...(certificate instanceof Uint8Array ? { certificate } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

/** A TEXT value; empty for any other. */
export function text(value: SQLOutputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
