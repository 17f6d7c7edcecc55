import type { NewBatch } from '../provisioning/batch-record.ts';
import type { ChunkRow, UnitCounts } from '../provisioning/batch.ts';
import type { CertificateRecord } from '../provisioning/certificate-record.ts';
import type { Claim } from '../provisioning/claim.ts';
import type { Decision } from '../provisioning/decision.ts';
import type { Outcome } from '../provisioning/outcome.ts';
import type { RejectedBoard } from '../provisioning/rejected-board.ts';
import type { ResultRow } from '../provisioning/result-row.ts';
import type {
  EndReworkUnitInput,
  OpenedRework,
  RecordReworkFailureInput,
  RefuseReworkInput,
  ReworkInput,
  ReworkKind,
  ReworkOfUnit,
  ReworkResult,
} from '../provisioning/rework.ts';
import type { SeenLog } from '../provisioning/signer-log.ts';
import type { Step } from '../provisioning/step.ts';
import type { EndedChoice, OpenSupplementInput } from '../provisioning/supplement.ts';
import type { AttemptId, UnitRow } from '../provisioning/unit.ts';
import type { Notices } from './notices.ts';
import type { Outbox } from './outbox.ts';

/**
 * The record of what happened: the batches and units, the result of each, and its certificates. Every writing method
 * may be called again with the same input and then changes nothing, since activities run at least once. Times are ISO
 * 8601 in UTC, hashes and hardware ids lower-case hex. What a method cannot do it throws as a RegistryError.
 */
export interface Registry {
  readonly outbox: Outbox;
  readonly notices: Notices;
  /**
   * Stores a batch with all of its rows, or nothing. The same content again gives the batch that is there; a serial or
   * a board of another batch gives `taken`. `rows` must be `batch.quantity` many; what reading them throws is thrown.
   */
  importBatch(batch: NewBatch, rows: AsyncIterable<BatchRow>): Promise<ImportResult>;
  /**
   * Begins a batch whose rows come over time. Nobody sees them until it is accepted; what a crash leaves of them is removed
   * when the same batch is staged again, and by `discardStaged`. One intake at a time stages a batch.
   */
  stageBatch(batchId: string): Promise<StagedBatch>;
  /** Removes what imports that died have left. Must not be called while one is under way. */
  discardStaged(): Promise<void>;
  /** Records that the batch's workflow is started; the first time stays. */
  recordStart(batchId: string): Promise<void>;
  /**
   * Ends every unit of a run of the batch that has not ended, as the run does: with this outcome and code. The run is a
   * supplement, or without one the first run of the batch.
   */
  endOpenUnits(
    batchId: string,
    outcome: Exclude<Outcome, 'PASS'>,
    code: string,
    supplement?: number,
  ): Promise<void>;
  /** How many units of a run of the batch have not ended. */
  openUnits(batchId: string, supplement?: number): Promise<number>;
  /** Ends a run of the batch; the first time stays. The batch is closed when none of its runs is open. */
  closeBatch(batchId: string, supplement?: number): Promise<void>;
  /**
   * Opens a supplement: the chosen units that ended without a pass are open again, each with the decision. What they were is
   * kept. A serial or board that was freed is bound again; where another batch has it by now, the unit stays as it is. The same
   * number again changes nothing.
   */
  openSupplement(supplement: OpenSupplementInput): Promise<SupplementRecord>;
  /** The supplements of a batch, the first one first. */
  supplements(batchId: string): Promise<SupplementRecord[]>;
  /** What `openSupplement` would choose: how many units run again, and which are named but stay as they are, and why. */
  rerunnable(batchId: string, choice: EndedChoice): Promise<RerunnableUnits>;
  /**
   * Units of the batch that ended, and of which no board was ever touched: those with row numbers from `after` + 1, at most
   * `limit`. Their serials and boards can be freed.
   */
  neverBegun(batchId: string, after: number, limit: number): Promise<UnbegunUnit[]>;
  /** Frees the serials and boards of these units for other batches; idempotent. */
  freeUnits(batchId: string, serials: readonly string[]): Promise<void>;
  /** The batch with this manifest content. */
  batchOf(manifestSha256: string): Promise<BatchRecord | undefined>;
  /** Which of these folded serials are registered, and in which batch; a few hundred in one call. */
  registeredSerials(folded: readonly string[]): Promise<RegisteredKey[]>;
  /** Which of these boards an earlier manifest lists, and in which batch; a few hundred in one call. */
  registeredBoards(boardIds: readonly string[]): Promise<RegisteredKey[]>;
  /** The units with these folded serials, as their manifests had them; a few hundred in one call. */
  registeredRows(folded: readonly string[]): Promise<RegisteredRow[]>;
  /** How many units of the batch gave their serial back. */
  freedUnits(batchId: string): Promise<number>;
  /**
   * The units of chunk `chunk` (from 1) of a run when chunks have `size` rows, and how they ended; none beyond the last. For the
   * first run, a unit that runs again in a supplement has ended as it did before.
   */
  chunkRows(batchId: string, chunk: number, size: number, supplement?: number): Promise<ChunkRow[]>;

  /**
   * The unit passed, with this certificate. REGISTRY_CONFLICT when the serial or the board has another active
   * certificate (unless it is the one of `supersedesAttempt`), the key or certificate is another unit's, or the
   * certificate was revoked.
   */
  registerUnit(registration: Registration): Promise<void>;
  /**
   * The unit waits for a decision, or makes another attempt where that is decided. Nothing changes when a later attempt or a
   * certificate is recorded.
   */
  recordAttention(failure: AttemptFailure): Promise<void>;
  /**
   * The unit ended without a pass. Nothing changes when a later attempt is recorded; REGISTRY_CONFLICT when the unit
   * has an active certificate, which must not outlive a pass.
   */
  recordOutcome(failure: AttemptFailure & { readonly outcome: Exclude<Outcome, 'PASS'> }): Promise<void>;

  /**
   * A certificate was signed for a unit, and is not registered. It ends as soon as the unit ends without it, or if it has: device
   * registries that take it nevertheless withdraw it. One that is registered, before or after, is not meant.
   */
  noteUnregistered(
    unit: Pick<AttemptId, 'batchId' | 'serial'>,
    certificate: UnregisteredCertificate,
  ): Promise<void>;

  /** The intake has given its word for this attempt at a unit: those before it were given up. Never goes back. */
  recordRelease(released: AttemptId): Promise<void>;

  /** What a person decided about an attempt at a unit, once. It stays for as long as the registry. */
  recordDecision(decided: AttemptId & { readonly decision: Decision }): Promise<void>;

  /** What a person decided about a batch, once. It stays for as long as the registry. */
  recordBatchDecision(batchId: string, decision: Decision): Promise<void>;

  /** A board that was refused before a key existed, once for each board and cause. */
  recordRejectedBoard(board: RejectedBoard): Promise<void>;

  /**
   * Opens a rework of units that passed, each with its certificate, or says which of them cannot be reworked; then nothing is
   * stored. The same again gives the same units.
   */
  openRework(rework: ReworkInput): Promise<OpenedRework>;
  /** The signer does not allow the rework: it has ended, and every unit is as it was. */
  refuseRework(refusal: RefuseReworkInput): Promise<void>;
  /** The board of a unit in a rework is wiped: its certificate ends as superseded. */
  recordWipe(wiped: ReworkOfUnit): Promise<void>;
  /** A unit in a rework waits for a decision; its outcome and certificate stay. */
  recordReworkFailure(failed: RecordReworkFailureInput): Promise<void>;
  /** The rework of a unit ended without a new certificate; the first end stays, and is returned. */
  endReworkUnit(ended: EndReworkUnitInput): Promise<ReworkResult>;
  /** The number of the next result of a batch, from 1. The result has it when `numberResult` says so, after it was written. */
  nextResult(batchId: string): Promise<NumberedResult>;
  /** The result with this number was written. False, and nothing changes, where another one got the number first. */
  numberResult(batchId: string, version: number): Promise<boolean>;
  /** The answers beside the manifest of this batch have as many of its changes. */
  noteAnswers(batchId: string, changes: number): Promise<void>;
  /** Ids of closed batches that changed, last before this time (ISO 8601), and whose answers do not have it. */
  lateAnswers(changedBefore: string): Promise<string[]>;

  /**
   * Revokes certificates permanently, as a list of their CA says, with the time of the first list that has them: active
   * ones end, and those that are not registered can never be registered. A list with a lower number than the last of
   * its CA changes nothing.
   */
  applyRevocations(list: RevocationList): Promise<RevocationResult>;

  /** How far the logs of signers had come, as certificates said that were registered. */
  signerLogs(): Promise<SignerLogRecord[]>;
  /**
   * A person decides that certificates are registered again from a signer whose log contradicted itself, or whose ledger has
   * less than was seen; the decision is recorded. False where nothing of the log was seen since the last one.
   */
  acceptSignerLog(log: string, decision: Decision): Promise<boolean>;

  /** How many different boards had a certificate of a unit of the batch that was registered. */
  certifiedBoards(batchId: string): Promise<number>;

  /** The batch with this id. */
  batch(batchId: string): Promise<BatchRecord | undefined>;
  /** All batches, the newest first. */
  listBatches(): Promise<BatchRecord[]>;
  /** Those that are open, the newest first: few, however many there have been. */
  openBatches(): Promise<BatchRecord[]>;
  /** Throws a RegistryError where nothing could be written. */
  assertWritable(): Promise<void>;
  /** The one that was closed last; undefined where none is closed. */
  batchClosedLast(): Promise<BatchRecord | undefined>;
  /** How many units of the batch, or of a supplement of it, are in each state. */
  batchSummary(batchId: string, supplement?: number): Promise<BatchSummary>;
  /** All that is known of a unit, whatever the case of `serial`. */
  unit(serial: string): Promise<UnitRecord | undefined>;
  /** Serials of units that had this board, or this certificate by its serial number, lower-case hex; at most 20. It reads all attempts. */
  serialsWith(boardOrCertificate: string): Promise<string[]>;
  /** Other units that had certificates on the boards of this one, the oldest first. It reads all certificates. */
  unitsOnSameBoards(serial: string): Promise<UnitOnBoard[]>;
  /** Decisions about the batch as a whole, in the order in which they were made. */
  batchDecisions(batchId: string): Promise<Decision[]>;
  /** The units of the batch that wait for a decision, in the manifest's order. */
  waitingUnits(batchId: string): Promise<WaitingUnit[]>;
  /** All reworks, the newest first. */
  reworks(): Promise<ReworkRecord[]>;
  rework(reworkId: string): Promise<ReworkRecord | undefined>;
  /** How often the units of the batch were tried, and what changed. */
  attemptCounts(batchId: string): Promise<AttemptCounts>;
  /** Every unit of the batch with all of its certificates, in the manifest's order; read page by page. */
  certifiedUnits(batchId: string): AsyncIterable<CertifiedUnit>;
  /** Boards that were refused before a key existed, the newest first, at most `limit`. */
  rejectedBoards(limit: number): Promise<RejectedBoard[]>;
  /** How the boards of each socket fared, over all batches. */
  socketYields(): Promise<SocketYield[]>;
  /** Names of the attributes that units of the batch have, in alphabetical order. */
  attributeNames(batchId: string): Promise<string[]>;
  /** All that is known of each unit of the batch, in the manifest's order; read page by page. */
  unitRecords(batchId: string): AsyncIterable<UnitRecord>;
  /** One row for each unit of the batch, in the manifest's order; read page by page. */
  resultRows(batchId: string): AsyncIterable<ResultRow>;
}

export interface BatchRow extends UnitRow {
  readonly attrs: Readonly<Record<string, string>>;
}

/** A unit that is registered, as its manifest had it. */
export interface RegisteredRow extends BatchRow {
  readonly batchId: string;
}

/** A batch that is being imported. */
export interface StagedBatch {
  /**
   * Adds rows, in their order, except those whose serial or board another batch has, which it returns. Waits as long as it held
   * the lock of the registry, so that others can write too. Throws a RegistryError `being-imported` when another batch that
   * is staged has a serial or a board of them.
   */
  add(rows: readonly BatchRow[]): Promise<TakenKeys>;
  /**
   * Makes it a batch, at once and as a whole. The same content again gives the batch that is there. `quantity` must be the number
   * of rows that were added.
   */
  accept(batch: NewBatch): Promise<BatchRecord>;
  /** Removes its rows. Does nothing after it was accepted. */
  discard(): Promise<void>;
}

/** Which keys of some rows other batches have. */
export interface TakenKeys {
  /** Folded. */
  readonly serials: readonly RegisteredKey[];
  readonly boards: readonly RegisteredKey[];
}

export interface BatchRecord extends NewBatch {
  readonly state: 'open' | 'closed';
  readonly importedAt: string;
  readonly startedAt?: string;
  readonly closedAt?: string;
  /** Of the last result that was written beside the manifest; absent where none was. */
  readonly resultVersion?: number;
  /** Only `batchOf` says it: since when units of it that were never begun are free, as it was cancelled or withdrawn. */
  readonly freedAt?: string;
}

/** A result that is about to be written. */
export interface NumberedResult {
  readonly version: number;
  /** How often the closed batch has changed until now; for `noteAnswers`. */
  readonly changes: number;
}

/** A supplement of a batch, and how many units it has. */
export interface SupplementRecord {
  readonly number: number;
  readonly quantity: number;
  readonly openedAt: string;
  readonly closedAt?: string;
  readonly reason?: string;
  readonly by?: string;
}

/** `refused`: at most 1,000. */
export interface RerunnableUnits {
  readonly units: number;
  readonly refused: readonly RefusedUnit[];
}

/** Why a unit that is named cannot run again. */
export interface RefusedUnit {
  readonly serial: string;
  /**
   * passed; open: it has not ended; scrapped; code: it ended with another one; unknown: the batch has no such unit; taken: another
   * batch has its serial or board by now.
   */
  readonly why: 'passed' | 'open' | 'scrapped' | 'code' | 'unknown' | 'taken';
  /** The code it ended with, or the batch that has it. */
  readonly detail?: string;
}

/** A unit of which no board was touched. */
export interface UnbegunUnit {
  readonly serial: string;
  /** Its row number. */
  readonly row: number;
}

/** A serial (folded) or a board id, and the batch that has it. */
export interface RegisteredKey {
  readonly key: string;
  readonly batchId: string;
}

/** `conflicts`: at most 1,000 of the serials and boards that another batch has. */
export type ImportResult =
  | { readonly status: 'imported'; readonly batch: BatchRecord }
  | { readonly status: 'taken'; readonly conflicts: readonly RegisteredKey[] };

/** A unit that passed, with its certificate, whose hash is checked. */
export interface Registration extends CertificateRecord, AttemptId, Claim {
  readonly startedAt: string;
  readonly verifiedAt: string;
  /** By kind; each value must have a form in JSON. */
  readonly evidence: Readonly<Record<string, unknown>>;
  /** The attempt that the station proved, where an earlier one than this; what had ended before the unit ran again is no pass. */
  readonly provenAttempt?: number;
  /** The attempt whose certificate this one takes the place of. */
  readonly supersedesAttempt?: number;
  /** The rework that it is registered in: its unit is done. */
  readonly reworkId?: string;
  /** The device registries that must have it, in this order; absent for none. */
  readonly registries?: readonly string[];
  /** LEDGER_STALE where it contradicts what was registered before. Absent where nothing is known. */
  readonly signerLog?: SignerLogSight;
}

/** A certificate whose board may have it although its unit did not pass with it. */
export interface UnregisteredCertificate {
  readonly boardId: string;
  /** DER, and its SHA-256. */
  readonly certificate: Uint8Array;
  readonly certificateSha256: string;
  /** The device registries of its product where it works as soon as it is signed. */
  readonly liveAt: readonly string[];
}

/** How far the log of a signer had come. */
export interface SignerLogSight extends SeenLog {
  /** When the signer said so; ISO 8601. */
  readonly at: string;
  /** Until when earlier sights may say a wrong time: a person has accepted the clock of the signer since; ISO 8601. */
  readonly clockWrongUntil?: string;
}

/** The furthest that the log of a signer had come, and what contradicts it since; ISO 8601. */
export interface SignerLogRecord extends SignerLogSight {
  readonly firstSeenAt: string;
  readonly contradiction?: string;
  readonly contradictedAt?: string;
}

/**
 * An attempt that failed, and where, as far as that is known. The first failure of an attempt stays on its record: that
 * it was cancelled later, or skipped, is the end of the unit.
 */
export interface AttemptFailure extends AttemptId, Partial<Claim> {
  /** The step it failed in. */
  readonly step: Step;
  readonly code: string;
  /** What happened, in a sentence. */
  readonly message?: string;
  readonly reason?: string;
  readonly startedAt?: string;
  /** With which the unit ends. */
  readonly decision?: Decision;
}

/** What a revocation list says, without those on hold. Its signature was checked. */
export interface RevocationList {
  /** SHA-256 of the key of the CA. */
  readonly issuerKey: string;
  /** From 1. */
  readonly number: number;
  readonly revocations: readonly Revocation[];
}

export interface Revocation {
  readonly certificateSerial: string;
  /** Name of RFC 5280 §5.3.1. */
  readonly reason: string;
  readonly revokedAt: string;
}

/**
 * `ended`: certificates that were active until now; `unknown`: revocations of certificates that are not registered;
 * `applied` where the list is older: the number of the last one.
 */
export type RevocationResult =
  | { readonly status: 'applied'; readonly ended: number; readonly unknown: number }
  | { readonly status: 'older'; readonly applied: number };

/**
 * `attention`: units that wait for a decision; `open`: units neither ended nor waiting. All six add up to the quantity.
 */
export interface BatchSummary extends UnitCounts {
  readonly batch: BatchRecord;
  readonly attention: number;
  readonly open: number;
}

/** `passed` and `failed`: attempts at units that have ended; `rejected`: boards that were refused before a key existed. */
export interface SocketYield {
  readonly stationId: string;
  readonly socket: string;
  readonly passed: number;
  readonly failed: number;
  readonly rejected: number;
  /** Of what failed or was rejected, the most frequent first. */
  readonly codes: readonly CodeCount[];
}

export interface CodeCount {
  readonly code: string;
  readonly boards: number;
}

export interface UnitRecord {
  readonly serial: string;
  readonly batchId: string;
  readonly order: string;
  /** From 1. */
  readonly row: number;
  readonly product: string;
  /** Hardware id of the board that the manifest asks for. */
  readonly boardId?: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly outcome?: Outcome;
  readonly attention: boolean;
  readonly code?: string;
  readonly step?: Step;
  /** The attempt that is under way, or was last; 1 where none is recorded. */
  readonly lastAttempt: number;
  /** The last attempt for which the intake gave its word; 0 where none followed the first. */
  readonly releasedAttempt: number;
  /** The supplement that it belongs to, the last one. */
  readonly supplement?: number;
  /** Since when its serial and board are free for other batches: it was never begun. */
  readonly freedAt?: string;
  readonly attempts: readonly AttemptRecord[];
  readonly certificates: readonly RegisteredCertificate[];
  readonly evidence: readonly EvidenceRecord[];
  /** In the order in which they were made. */
  readonly decisions: readonly DecisionRecord[];
  /** Those that it is or was in, the oldest first, without their other units. */
  readonly reworks: readonly ReworkOfRecord[];
}

/** Another unit that had a certificate on a board that this one had, too: the board was labelled again. */
export interface UnitOnBoard {
  readonly serial: string;
  readonly boardId: string;
  readonly outcome?: Outcome;
  readonly registeredAt: string;
}

export interface DecisionRecord extends Decision {
  readonly attempt: number;
}

/** A rework that a unit is or was in, without its other units. */
export interface ReworkOfRecord extends Omit<ReworkRecord, 'units' | 'closedAt'> {
  readonly isOpen: boolean;
  readonly result?: ReworkResult;
}

/**
 * `firstPass`: units that passed with their first attempt, whatever happened to them since. `retests`: further attempts in
 * which nothing was changed; `reworks`: those with another board, or in a rework.
 */
export interface AttemptCounts {
  readonly firstPass: number;
  readonly retests: number;
  readonly reworks: number;
}

export interface ReworkRecord {
  readonly reworkId: string;
  readonly kind: ReworkKind;
  readonly reason: string;
  readonly by: string;
  /** Against which it counts; absent: against the orders of its units. */
  readonly order?: string;
  readonly openedAt: string;
  /** When its last unit ended; absent while one is open. */
  readonly closedAt?: string;
  /** Why the signer did not allow it. */
  readonly refusal?: string;
  readonly units: readonly ReworkUnitRecord[];
}

export interface ReworkUnitRecord {
  readonly serial: string;
  readonly firstAttempt: number;
  /** It waits for a decision. */
  readonly attention: boolean;
  readonly step?: Step;
  readonly code?: string;
  readonly message?: string;
  /** Absent while it is open. */
  readonly result?: ReworkResult;
  readonly endedAt?: string;
}

export interface AttemptRecord {
  readonly attempt: number;
  /** The attempt before it; absent for the first. */
  readonly follows?: number;
  /** The supplement that it was made in; absent in the first run of its batch. */
  readonly supplement?: number;
  /**
   * first: the first one. retest: again on the same board. rework: something changed, which is the board, or what the rework
   * `reworkId` asked for.
   */
  readonly cause: 'first' | 'retest' | 'rework';
  readonly reworkId?: string;
  readonly stationId?: string;
  readonly socket?: string;
  readonly boardId?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** How far it came. */
  readonly step: Step;
  readonly code?: string;
  /** What happened, in a sentence. */
  readonly message?: string;
  readonly reason?: string;
}

/** A certificate of a unit, and its state. */
export interface RegisteredCertificate extends CertificateRecord {
  readonly attempt: number;
  readonly boardId: string;
  readonly state: 'active' | 'superseded' | 'revoked';
  readonly registeredAt: string;
  /** When it ceased to be active. */
  readonly endedAt?: string;
  /** Why a revocation list of its CA has it. */
  readonly reason?: string;
  /** SHA-256 of the certificate that it took the place of, in a rework. */
  readonly supersedes?: string;
}

export interface EvidenceRecord {
  readonly attempt: number;
  readonly kind: string;
  readonly body: unknown;
  readonly recordedAt: string;
}

/** A unit that waits for a decision: where its last attempt failed, and why. */
export interface WaitingUnit {
  readonly serial: string;
  readonly step: Step;
  readonly code: string;
  readonly attempt: number;
}

/** A unit and its certificates: the first attempt's first. */
export interface CertifiedUnit {
  readonly serial: string;
  readonly certificates: readonly Pick<RegisteredCertificate, 'certificateSha256' | 'state'>[];
}
