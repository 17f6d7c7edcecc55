import type { Permit } from '../../provisioning/permit.ts';
import { keepsOldCertificate } from '../../provisioning/rework.ts';
import type { ReworkKind } from '../../provisioning/rework.ts';
import { foldSerial } from '../../provisioning/serial-number.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import { bytes, text } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { sha256Hex } from '../x509/p256.ts';

/** Certificates that a permit names, the newest first: of more attempts no board is in a socket. */
const MOST_NAMED = 50;

/**
 * What an attempt at a unit may replace on a board as the ledger is now: what earlier attempts left that did not pass, and the rest
 * only by an open rework that asks for that.
 */
export async function replaceableOf(
  transaction: SqlTransaction,
  { serial, attempt }: Pick<AttemptId, 'serial' | 'attempt'>,
): Promise<Pick<Permit, 'replaces' | 'renews'>> {
  const folded = foldSerial(serial);
  const kind = (
    await transaction.get('SELECT kind FROM rework WHERE serial_folded = ? AND ended_at IS NULL', folded)
  )?.['kind'] as ReworkKind | undefined;
  const rows = await transaction.all(
    `SELECT certificate, spki_sha256, state FROM issuance WHERE serial_folded = ? AND attempt < ?
       AND certificate IS NOT NULL ORDER BY seq DESC LIMIT ?`,
    folded,
    attempt,
    MOST_NAMED,
  );
  const isWiped = kind !== undefined && !keepsOldCertificate(kind);
  const replaced = rows.filter(({ state }) => state !== 'active' || isWiped);
  const active = rows.find(({ state }) => state === 'active');
  return {
    ...(replaced.length > 0 && { replaces: replaced.map((row) => sha256Hex(bytes(row, 'certificate'))) }),
    ...(kind === 'renew' && active !== undefined && { renews: text(active, 'spki_sha256') }),
  };
}
