import { foldSerial } from '../../provisioning/serial-number.ts';
import type { Issuance } from '../signing/issuances.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { sha256Hex } from '../x509/p256.ts';
import { issuanceOf, SELECT_ISSUANCE } from './sql-issuance.ts';

/** Rows read at once. */
const PAGE = 1_000;

/** Every issuance of a serial, the newest first. */
export async function selectIssuancesOf(transaction: SqlTransaction, serial: string): Promise<Issuance[]> {
  const sql = `${SELECT_ISSUANCE} WHERE i.serial_folded = ? ORDER BY i.seq DESC`;
  return issuancesOf(await transaction.all(sql, foldSerial(serial)));
}

/** The next issuances after the row `seq`, oldest first, each with its row; an empty list at the end. */
export async function selectIssuancePage(
  transaction: SqlTransaction,
  seq: number,
): Promise<{ readonly seq: number; readonly issuance: Issuance }[]> {
  const rows = await transaction.all(`${SELECT_ISSUANCE} WHERE i.seq > ? ORDER BY i.seq LIMIT ?`, seq, PAGE);
  return rows.map((row) => ({ seq: Number(row['seq']), issuance: issuanceOf(row)! }));
}

/** The issuance whose certificate has this serial number, in lower-case hex. */
export async function selectByCertificateSerial(
  transaction: SqlTransaction,
  certificateSerial: string,
): Promise<Issuance | undefined> {
  return issuanceOf(await transaction.get(`${SELECT_ISSUANCE} WHERE i.cert_serial = ?`, certificateSerial));
}

/**
 * The issuance whose certificate has this SHA-256, in lower-case hex. No index: people ask this a few times a year, and a
 * million certificates take seconds to hash.
 */
export async function selectByFingerprint(
  transaction: SqlTransaction,
  fingerprint: string,
): Promise<Issuance | undefined> {
  const sql = 'SELECT seq, cert_serial, certificate FROM issuance WHERE seq > ? ORDER BY seq LIMIT ?';
  for (let seq = 0; ;) {
    const page = await transaction.all(sql, seq, PAGE);
    const found = page.find(({ certificate }) => hasFingerprint(certificate, fingerprint));
    if (found !== undefined) return selectByCertificateSerial(transaction, String(found['cert_serial']));
    if (page.length < PAGE) return undefined;
    seq = Number(page.at(-1)?.['seq']);
  }
}

function hasFingerprint(certificate: SqlRow[string] | undefined, fingerprint: string): boolean {
  return certificate instanceof Uint8Array && sha256Hex(certificate) === fingerprint;
}

function issuancesOf(rows: readonly SqlRow[]): Issuance[] {
  return rows.map((row) => issuanceOf(row)).filter((issuance) => issuance !== undefined);
}
