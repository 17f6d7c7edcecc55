import { bytes, integer, text } from '../../sql/row.ts';
import type { SqlRow } from '../../sql/row.ts';
import type { SqlTransaction } from '../../sql/transaction.ts';
import { PkiError } from '../pki-error.ts';
import type {
  CrlBuild,
  NumberedCrl,
  NumberedTbs,
  WithdrawnCertificate,
  Withdrawals,
} from '../revocation/withdrawals.ts';
import { LIVE_STATES } from '../signing/issuances.ts';
import { sha256Hex } from '../x509/p256.ts';
import type { RevocationReason } from '../x509/revocation-reason.ts';
import type { LedgerAuditLog } from './audit-log.ts';
import { knownIssuance, withdrawn } from './issuance-rows.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { releasedUnit } from './orders.ts';

/** Certificates that are on hold, and the revocation lists that say so, and which others were withdrawn. */
export class LedgerWithdrawals implements Withdrawals {
  readonly #database: SqlDatabase;
  readonly #audit: LedgerAuditLog;

  constructor(database: SqlDatabase, audit: LedgerAuditLog) {
    this.#database = database;
    this.#audit = audit;
  }

  /**
   * Puts a certificate on hold: on the next revocation list, until `endHold`. Idempotent. Throws ISSUANCE_UNKNOWN, or
   * CERTIFICATE_WITHDRAWN for one that is not issued or active.
   */
  hold(requestId: string): Promise<void> {
    return this.#database.write(async (transaction) => {
      const issuance = await knownIssuance(transaction, requestId);
      if (issuance.certificate === undefined || !LIVE_STATES.has(issuance.state))
        throw withdrawn(requestId, issuance);
      if (issuance.heldAt !== undefined) return;
      await setHeld(transaction, requestId, new Date().toISOString());
      await this.#audit.append(transaction, 'held', { requestId });
    });
  }

  /** Ends a hold; false where there is none. Throws ISSUANCE_UNKNOWN. */
  endHold(requestId: string): Promise<boolean> {
    return this.#database.write(async (transaction) => {
      const issuance = await knownIssuance(transaction, requestId);
      if (issuance.heldAt === undefined) return false;
      await setHeld(transaction, requestId, null);
      await this.#audit.append(transaction, 'hold-ended', { requestId });
      return true;
    });
  }

  withdrawalMark(): Promise<string> {
    return this.#database.read((transaction) => markOf(transaction));
  }

  latestCrl(issuer: string): Promise<NumberedCrl | undefined> {
    return this.#database.read((transaction) => latestOf(transaction, issuer));
  }

  /**
   * Numbers the next revocation list of `issuer` (SHA-256 of its key, hex), which `build` makes of its number and of
   * all that is withdrawn; its hash is in the audit log before it can be signed. The number is beyond `published`, that
   * of the newest list outside: a ledger that is an old copy does not know it.
   */
  async numberCrl(issuer: string, now: Date, build: CrlBuild, published = 0): Promise<NumberedTbs> {
    const numbered = await this.#database.write(async (transaction) => {
      await this.#audit.assertWitnessed(transaction);
      const latest = await latestOf(transaction, issuer);
      const number = Math.max(latest?.number ?? 0, published) + 1;
      const mark = await markOf(transaction);
      const tbs = build(number, await withdrawnCertificates(transaction));
      const sql = 'INSERT INTO crl (issuer, number, mark, made_at) VALUES (?, ?, ?, ?)';
      await transaction.run(sql, issuer, number, mark, now.toISOString());
      const members = { issuer, number, mark, tbsSha256: sha256Hex(tbs) };
      await this.#audit.append(transaction, 'crl-numbered', members);
      return { tbs, mark };
    });
    await this.#audit.settled();
    return numbered;
  }

  isKnown(certificateSerial: string): Promise<boolean> {
    return this.#database.read(async (transaction) => {
      const sql = 'SELECT seq FROM issuance WHERE cert_serial = ?';
      return (await transaction.get(sql, certificateSerial)) !== undefined;
    });
  }

  async recordOwnershipProof(proofCode: string, tbsSha256: string): Promise<void> {
    await this.#database.write(async (transaction) => {
      if ((await releasedUnit(transaction, proofCode)) !== undefined) {
        const message = `The code ${proofCode} is the serial of a unit, so the proof could be used as its certificate: get another code from the cloud.`;
        throw new PkiError('REQUEST_CONFLICT', message, { reason: 'code-is-serial' });
      }
      await this.#audit.assertWitnessed(transaction);
      await this.#audit.append(transaction, 'ownership-proof', { code: proofCode, tbsSha256 });
    });
    await this.#audit.settled();
  }
}

async function setHeld(transaction: SqlTransaction, requestId: string, heldAt: string | null): Promise<void> {
  await transaction.run('UPDATE issuance SET held_at = ? WHERE request_id = ?', heldAt, requestId);
}

/** All that belong on a revocation list, by serial number. */
async function withdrawnCertificates(transaction: SqlTransaction): Promise<WithdrawnCertificate[]> {
  const rows = await transaction.all(
    `SELECT cert_serial, state, reason, ended_at, held_at, tbs FROM issuance
       WHERE ended_at IS NOT NULL OR held_at IS NOT NULL ORDER BY cert_serial`,
  );
  return rows.map((row) => ({
    certificateSerial: text(row, 'cert_serial'),
    reason: reasonIn(row),
    at: text(row, row['ended_at'] === null ? 'held_at' : 'ended_at'),
    tbs: bytes(row, 'tbs'),
  }));
}

/** Superseded ones give the attempt that took their place as their reason; on a list it is the same for all. */
function reasonIn(row: SqlRow): WithdrawnCertificate['reason'] {
  if (row['held_at'] !== null) return 'certificateHold';
  return row['state'] === 'superseded' ? 'superseded' : (text(row, 'reason') as RevocationReason);
}

/**
 * Counts and newest times of what is withdrawn and held. The number of those revoked is part of it: where clocks
 * differ, one that was superseded before may become revoked without being the newest.
 */
async function markOf(transaction: SqlTransaction): Promise<string> {
  const ended = await transaction.get(
    `SELECT count(*) AS n, max(ended_at) AS newest, count(CASE WHEN state = 'revoked' THEN 1 END) AS revoked
       FROM issuance WHERE ended_at IS NOT NULL`,
  );
  const held = await transaction.get(
    'SELECT count(*) AS n, max(held_at) AS newest FROM issuance WHERE held_at IS NOT NULL',
  );
  const { n, newest, revoked } = ended ?? {};
  return [n, newest ?? '', revoked, held?.['n'], held?.['newest'] ?? ''].join('/');
}

async function latestOf(transaction: SqlTransaction, issuer: string): Promise<NumberedCrl | undefined> {
  const sql = 'SELECT number, mark, made_at FROM crl WHERE issuer = ? ORDER BY number DESC LIMIT 1';
  const row = await transaction.get(sql, issuer);
  return row && { number: integer(row, 'number'), mark: text(row, 'mark'), madeAt: text(row, 'made_at') };
}
