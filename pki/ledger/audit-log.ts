import type { SqlTransaction } from '../../sql/transaction.ts';
import { integer, present, text } from '../../sql/row.ts';
import { AUDIT_GENESIS, auditBody, auditHash } from '../audit/audit-chain.ts';
import type { AuditEntry, AuditEvent } from '../audit/audit-chain.ts';
import type { AuditHead, AuditLog } from '../audit/audit-log.ts';
import { PkiError } from '../pki-error.ts';
import type { Refusal, Refusals } from '../signing/refusals.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import { entryAfter, latestTimeBy, latestTimeIn } from './audit-time.ts';

/** Entries read at once. */
const PAGE = 1_000;

/**
 * Refusals that are recorded one by one: a thousand at once, which is more than a batch with a wrong order makes, then
 * one in ten seconds, which is 4 MB a day. Those beyond are counted.
 */
const REFUSALS_AT_ONCE = 1_000;
const REFUSAL_INTERVAL_MS = 10_000;

/** An audit entry is for reading; the caller that is refused decides what is in the request. */
const REFUSAL_MAX = 200;

/** The audit log of a ledger: what happened, each entry chained to the one before. */
export class LedgerAuditLog implements AuditLog, Refusals {
  readonly #database: SqlDatabase;
  #witnessed: AuditHead | undefined;
  /** Refusals that may be recorded now, as of a time of the process's clock; and those that were not. */
  #refusals = REFUSALS_AT_ONCE;
  #refusedAt = performance.now();
  #leftOut = 0;
  /** The latest time up to the entry with this hash, so that no row is read again for each new entry. */
  #latest: { readonly hash: string; readonly time: string | undefined } | undefined;
  #witness: ((head: AuditHead) => Promise<void>) | undefined;
  /** The witnessing that is under way, and the one that begins when it has ended. */
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /**
   * From now on nothing is signed unless the audit log still has this entry: a database that is exchanged for an old
   * copy while the signer runs is noticed before the next signature.
   */
  witnessed(checkpoint: AuditHead): void {
    if (checkpoint.size > 0) this.#witnessed = checkpoint;
  }

  /**
   * From now on nothing is signed before `witness` has made sure that the end of the log, with the entry that announces
   * the signature, cannot be undone unnoticed. Meanwhile nothing else is committed: what comes is committed together then,
   * or each witness would be for fewer signatures, and each commit for fewer entries.
   */
  witnessWith(witness: (head: AuditHead) => Promise<void>): void {
    this.#witness = witness;
    this.#database.waitBetweenGroups(() => this.#next ?? this.#running);
  }

  /**
   * Resolves once all that is committed now is witnessed. To be awaited between the commit that announces a signature
   * and the signature. All that ask while a witness is under way share the next one. Throws what the witness throws.
   */
  settled(): Promise<void> {
    if (this.#witness === undefined) return Promise.resolve();
    this.#next ??= (this.#running ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#running = this.#next;
        this.#next = undefined;
        return this.#witnessHead();
      });
    return this.#next;
  }

  async #witnessHead(): Promise<void> {
    const head = await this.auditHead();
    if (head.size === this.#witnessed?.size && head.hash === this.#witnessed.hash) return;
    await this.#witness?.(head);
    this.witnessed(head);
  }

  auditHead(): Promise<AuditHead> {
    return this.#database.read((transaction) => headOf(transaction));
  }

  auditHash(seq: number): Promise<string | undefined> {
    return this.#database.read((transaction) => hashOf(transaction, seq));
  }

  /** The whole log, oldest entry first; read page by page. */
  async *auditEntries(): AsyncGenerator<AuditEntry> {
    for (let seq = 0; ;) {
      const page = await this.#database.read((transaction) => pageAfter(transaction, seq));
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      seq = last.seq;
    }
  }

  recordRefusal(refusal: Refusal): Promise<void> {
    const members = Object.entries(refusal).map(([member, value]: [string, string]) => [
      member,
      value.slice(0, REFUSAL_MAX),
    ]);
    if (!this.#takeRefusal()) {
      this.#leftOut += 1;
      return Promise.resolve();
    }
    return this.#database.write((transaction) =>
      this.append(transaction, 'refused', Object.fromEntries(members)),
    );
  }

  /** Records how many refusals were left out since the last time, if any. */
  async recordLeftOut(): Promise<void> {
    const count = this.#leftOut;
    if (count === 0) return;
    await this.#database.write((transaction) => this.append(transaction, 'refusals-left-out', { count }));
    this.#leftOut -= count; // more may have been left out meanwhile
  }

  /** Strangers decide how often something is refused, so not every refusal may cost an entry. */
  #takeRefusal(): boolean {
    const now = performance.now();
    this.#refusals = Math.min(
      REFUSALS_AT_ONCE,
      this.#refusals + (now - this.#refusedAt) / REFUSAL_INTERVAL_MS,
    );
    this.#refusedAt = now;
    if (this.#refusals < 1) return false;
    this.#refusals -= 1;
    return true;
  }

  /** Records that persons revoke more certificates than usual: how many within an hour, and what is asked for next. */
  raiseRevocationAlarm(alarm: {
    readonly requestId: string;
    readonly by: string;
    readonly recent: number;
  }): Promise<void> {
    return this.#database.write((transaction) =>
      this.append(transaction, 'revocation-alarm', { ...alarm, by: alarm.by.slice(0, REFUSAL_MAX) }),
    );
  }

  /**
   * The latest time of any entry since a person last accepted the clock, ISO 8601; undefined where there is none. Refusals are
   * left out: a clock that is wrong is why things are refused.
   */
  latestTime(): Promise<string | undefined> {
    return this.#database.read(async (transaction) =>
      this.#latestTimeAt(transaction, await headOf(transaction)),
    );
  }

  async #latestTimeAt(transaction: SqlTransaction, { size, hash }: AuditHead): Promise<string | undefined> {
    if (this.#latest?.hash !== hash) this.#latest = { hash, time: await latestTimeIn(transaction, size) };
    return this.#latest.time;
  }

  /** Records that a person says the clock is right, although what was signed until now has later times. */
  acceptClock(decision: { readonly reason: string; readonly by: string }): Promise<void> {
    return this.#database.write(async (transaction) => {
      const last = await transaction.get('SELECT seq, reserved_at FROM issuance ORDER BY seq DESC LIMIT 1');
      const seq = last === undefined ? 0 : integer(last, 'seq');
      const sql = 'INSERT INTO clock_acceptance (issuance_seq, accepted_at) VALUES (?, ?)';
      await transaction.run(sql, seq, new Date().toISOString());
      const reservedAt = last === undefined ? '' : text(last, 'reserved_at');
      const members = { issuanceSeq: seq, lastReservedAt: reservedAt };
      await this.append(transaction, 'clock-accepted', { ...members, ...decision });
    });
  }

  clockWrongUntil(): Promise<string | undefined> {
    return this.#database.read(async (transaction) => {
      const sql = `SELECT max(reserved_at) AS latest FROM issuance
        WHERE seq IN (SELECT issuance_seq FROM clock_acceptance)`;
      return present((await transaction.get(sql))!, { latest: 'latest' }).latest;
    });
  }

  /** Records that a person lets this ledger continue although its witness file says another state. */
  acceptLoss(witnessedSize: number, witnessedHash: string): Promise<void> {
    return this.#database.write((transaction) =>
      this.append(transaction, 'loss-accepted', { witnessedSize, witnessedHash }),
    );
  }

  /**
   * Chains an event to the last one, inside the transaction that makes it happen; the ledger's write lock keeps others
   * from doing so at the same time.
   */
  async append(
    transaction: SqlTransaction,
    event: AuditEvent['event'],
    members: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    const last = await headOf(transaction);
    const seq = last.size + 1;
    const said = { ...members, event, at: new Date().toISOString() };
    const entry = entryAfter(said, await this.#latestTimeAt(transaction, last));
    const body = auditBody(entry);
    const hash = auditHash(last.hash, seq, body);
    await transaction.run('INSERT INTO audit (seq, body, hash) VALUES (?, ?, ?)', seq, body, hash);
    this.#latest = { hash, time: latestTimeBy(entry) };
  }

  /** The number of the entry that the next `append` of this transaction makes. */
  async nextEntry(transaction: SqlTransaction): Promise<number> {
    return (await headOf(transaction)).size + 1;
  }

  /** Throws LEDGER_STALE when the log lost the entry that was witnessed last. To be asked before each signature. */
  async assertWitnessed(transaction: SqlTransaction): Promise<void> {
    if (this.#witnessed === undefined) return;
    const { size, hash } = this.#witnessed;
    if ((await hashOf(transaction, size)) === hash) return;
    const message = `The ledger lost entry ${size} of its audit log while the signer ran: restore the newest copy.`;
    throw new PkiError('LEDGER_STALE', message, { reason: 'exchanged' });
  }
}

async function headOf(transaction: SqlTransaction): Promise<AuditHead> {
  const last = await transaction.get('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  if (last === undefined) return { size: 0, hash: AUDIT_GENESIS };
  return { size: integer(last, 'seq'), hash: text(last, 'hash') };
}

async function hashOf(transaction: SqlTransaction, seq: number): Promise<string | undefined> {
  const row = await transaction.get('SELECT hash FROM audit WHERE seq = ?', seq);
  return row && text(row, 'hash');
}

async function pageAfter(transaction: SqlTransaction, seq: number): Promise<AuditEntry[]> {
  const sql = 'SELECT seq, body, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?';
  const rows = await transaction.all(sql, seq, PAGE);
  return rows.map((row) => ({ seq: integer(row, 'seq'), body: text(row, 'body'), hash: text(row, 'hash') }));
}
