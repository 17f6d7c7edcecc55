import { keepsOldCertificate } from '../../../provisioning/rework.ts';
import type { ReworkKind } from '../../../provisioning/rework.ts';
import { foldSerial } from '../../../provisioning/serial-number.ts';
import { integer, text } from '../../../sql/row.ts';
import type { SqlRow } from '../../../sql/row.ts';
import type { SqlTransaction } from '../../../sql/transaction.ts';
import { LIVE_STATES } from '../../signing/issuances.ts';
import type { IssuanceState } from '../../signing/issuances.ts';
import { sha256Hex } from '../../x509/p256.ts';
import { SELECT_ISSUANCE } from '../issuance-rows.ts';
import type { AuditedMembers, AuditedRecords } from './audited-records.ts';
import { reworkKey } from './audited-reworks.ts';
import { rowsBy } from './pages.ts';

const NO_ROWS: ReadonlyMap<string, SqlRow> = new Map();

/** The state that each entry brings a certificate into. */
const STATES: Readonly<Record<string, string>> = {
  signing: 'signing',
  issued: 'issued',
  activated: 'active',
  superseded: 'superseded',
  revoked: 'revoked',
};

/**
 * Compares certificates with the log, page by page: each entry must be true of its row as it is now. And no row may be in a
 * state that no entry brought it into, so for each state the rows are counted, and the entries that brought a row there.
 */
export class IssuanceCheck {
  readonly #transaction: SqlTransaction;
  readonly #records: AuditedRecords;
  readonly #inState = new Map<string, number>();
  /** Place of the newest row that was announced. */
  #newest = 0;

  constructor(transaction: SqlTransaction, records: AuditedRecords) {
    this.#transaction = transaction;
    this.#records = records;
  }

  /** What a page of entries says of requests, against their rows. */
  async compare(entries: readonly AuditedMembers[]): Promise<string[]> {
    const about = entries.filter(({ event, certificateSerial }) =>
      // A further signature over a reservation was announced before.
      event === 'signing' ? certificateSerial !== undefined : String(event) in STATES,
    );
    const ids = [...new Set(about.map(({ requestId }) => String(requestId)))];
    const select = `${SELECT_ISSUANCE} WHERE i.request_id`;
    const known = ids.length === 0 ? NO_ROWS : await rowsBy(this.#transaction, select, 'request_id', ids);
    return [...this.#misplaced(entries, known), ...this.#untrue(about, known)];
  }

  /**
   * Rows are in the order in which they were announced: by that it is known which key of a station they are of, and which time of the
   * clock. Entries that say which row was the newest say so of this one.
   */
  #misplaced(entries: readonly AuditedMembers[], known: ReadonlyMap<string, SqlRow>): string[] {
    // Ledgers before version 6 announced later than they reserved.
    if (!this.#records.isCountable) return [];
    const found: string[] = [];
    for (const { event, requestId, certificateSerial, issuanceSeq } of entries) {
      const row = known.get(String(requestId));
      if (event === 'signing' && certificateSerial !== undefined && row !== undefined) {
        const seq = integer(row, 'seq');
        if (seq <= this.#newest)
          found.push(`the certificate of request ${String(requestId)} is in another place`);
        this.#newest = Math.max(seq, this.#newest);
      } else if (issuanceSeq !== undefined && issuanceSeq !== this.#newest)
        found.push(`entry "${String(event)}" names another certificate as the newest`);
    }
    return found;
  }

  #untrue(about: readonly AuditedMembers[], known: ReadonlyMap<string, SqlRow>): string[] {
    return about.flatMap((entry) => {
      const [requestId, event] = [String(entry['requestId']), String(entry['event'])];
      const row = known.get(requestId);
      if (row === undefined) return [`the certificate of request ${requestId} is missing`];
      const state = text(row, 'state');
      if (state === STATES[event]) this.#inState.set(state, (this.#inState.get(state) ?? 0) + 1);
      if (IS_TRUE[event]!(entry, row) && (event !== 'signing' || this.#isUnderRework(entry, row))) return [];
      return [`the certificate of request ${requestId} is not as entry "${event}" says`];
    });
  }

  /** After the last page. Ledgers before version 6 had other states. */
  async compareStates(): Promise<string[]> {
    if (!this.#records.isCountable) return [];
    const rows = await this.#transaction.all('SELECT state, count(*) AS n FROM issuance GROUP BY state');
    return rows.flatMap((row) => {
      const [state, count] = [text(row, 'state'), integer(row, 'n')];
      const said = this.#inState.get(state) ?? 0;
      return count <= said
        ? []
        : [`the ledger has ${count} certificates in the state "${state}", and the audit log ${said}`];
    });
  }

  /** What a rework lets a certificate do. Earlier versions did not say for which units they released it. */
  #isUnderRework({ reworkId, serial, supersedes }: AuditedMembers, row: SqlRow): boolean {
    const [isPending, hasOldKey] = [row['is_pending'] === 1, row['has_old_key'] === 1];
    if (reworkId === undefined) return row['supersedes'] === null && !isPending && !hasOldKey;
    const rework = this.#records.reworks.released.get(
      reworkKey(String(reworkId), foldSerial(String(serial))),
    );
    if (rework === undefined) return true;
    const kind = rework.kind as ReworkKind;
    const mayBePending = supersedes !== undefined && keepsOldCertificate(kind);
    const isUnderWay = row['state'] === 'signing' || row['state'] === 'issued';
    return (
      (row['supersedes'] ?? undefined) === supersedes &&
      hasOldKey === (kind === 'renew') &&
      (isUnderWay ? isPending === mayBePending : !isPending || mayBePending)
    );
  }
}

/** Certificates that are on hold are on the next revocation list, and no others. */
export async function checkHolds(transaction: SqlTransaction, { held }: AuditedRecords): Promise<string[]> {
  const rows = await transaction.all('SELECT request_id FROM issuance WHERE held_at IS NOT NULL');
  const ids = new Set(rows.map((row) => text(row, 'request_id')));
  const lost = [...held].filter((requestId) => !ids.has(requestId));
  const unsaid = [...ids].filter((requestId) => !held.has(requestId));
  return [
    ...lost.map((requestId) => `the certificate of request ${requestId} is no longer on hold`),
    ...unsaid.map((requestId) => `the certificate of request ${requestId} was never put on hold`),
  ];
}

const IS_TRUE: Readonly<Record<string, (entry: AuditedMembers, row: SqlRow) => boolean>> = {
  signing: (entry, row) => {
    const { tbs } = row;
    return (
      row['cert_serial'] === entry['certificateSerial'] &&
      (entry['requestSha256'] === undefined || row['request_sha256'] === entry['requestSha256']) &&
      row['serial'] === entry['serial'] &&
      row['batch_id'] === entry['batchId'] &&
      row['attempt'] === entry['attempt'] &&
      row['board_id'] === entry['boardId'] &&
      (row['station_id'] ?? undefined) === entry['stationId'] &&
      (row['rework_id'] ?? undefined) === entry['reworkId'] &&
      row['spki_sha256'] === entry['spkiSha256'] &&
      row['kind'] === entry['kind'] &&
      (row['ended_at'] === null) === LIVE_STATES.has(row['state'] as IssuanceState) &&
      tbs instanceof Uint8Array &&
      sha256Hex(tbs) === entry['tbsSha256']
    );
  },
  issued: ({ sha256 }, { certificate }) =>
    certificate instanceof Uint8Array && sha256Hex(certificate) === sha256,
  activated: (_entry, { state }) => state !== 'signing' && state !== 'issued',
  superseded: (entry, row) =>
    row['ended_at'] !== null &&
    (row['state'] === 'revoked' || (row['state'] === 'superseded' && isForReason(entry, row))),
  revoked: (entry, row) => row['ended_at'] !== null && row['state'] === 'revoked' && isForReason(entry, row),
};

/** Why it ended, and by whose decision. */
function isForReason({ reason, by }: AuditedMembers, row: SqlRow): boolean {
  return row['reason'] === reason && (row['revoked_by'] ?? undefined) === by;
}
