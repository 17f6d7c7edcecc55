import type { ChunkRow } from '../../provisioning/batch.ts';
import type { NewBatch } from '../../provisioning/batch-record.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { RejectedBoard } from '../../provisioning/rejected-board.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type {
  EndReworkUnitInput,
  OpenedRework,
  RecordReworkFailureInput,
  RefuseReworkInput,
  ReworkInput,
  ReworkOfUnit,
  ReworkResult,
} from '../../provisioning/rework.ts';
import type { EndedChoice, OpenSupplementInput } from '../../provisioning/supplement.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type { SqlDatabase } from '../../sql/sql-database.ts';
import type { Outbox } from '../outbox.ts';
import { RegistryError } from '../registry-error.ts';
import type * as Port from '../registry.ts';
import { attemptCounts } from './attempt-counts.ts';
import {
  batchClosedLast,
  batchSummary,
  certifiedBoards,
  batchWithContent,
  chunkRows,
  closeBatch,
  endOpenUnits,
  knownBatch,
  batchWithId,
  listBatches,
  openBatches,
  nextResult,
  numberResult,
  openUnits,
  recordStart,
  registeredKeys,
} from './batch-records.ts';
import { batchDecisions, recordBatchDecision } from './decisions.ts';
import { freeUnits, neverBegun } from './freed-units.ts';
import { lateAnswers, noteAnswers } from './late-answers.ts';
import { importBatch } from './import-batch.ts';
import { recordRejectedBoard, rejectedBoards, socketYields } from './rejected-boards.ts';
import { freedUnits, registeredRows } from './registered-rows.ts';
import { recordDecision, recordFailure, recordRelease, registerUnit } from './record-unit.ts';
import {
  endReworkUnit,
  openRework,
  recordReworkFailure,
  recordWipe,
  refuseRework,
  rework,
  reworks,
} from './reworks.ts';
import { applyRevocations } from './revocations.ts';
import { SqlNotices } from './sql-notices.ts';
import { SqlOutbox } from './sql-outbox.ts';
import { SqlStagedBatch, stagedBatchIds } from './staged-batch.ts';
import type { Staging } from './staging.ts';
import { acceptSignerLog, contradictionWith, signerLogs } from './signer-logs.ts';
import { openSupplement, rerunnable, supplements } from './supplements.ts';
import { noteUnregistered } from './unregistered-certificates.ts';
import {
  attributeNames,
  certifiedPage,
  resultPage,
  serialsWith,
  unitPage,
  unitRecord,
  unitsOnSameBoards,
  waitingUnits,
} from './unit-records.ts';

/** Rows read at once; between pages other work continues. */
const RESULT_PAGE_ROWS = 500;

/** Units with all that is known of them, read at once. */
const UNIT_PAGE_ROWS = 50;

/** The registry of record in an SQL database. Several processes may share it; writes wait for each other. Close it when done. */
export class SqlRegistry implements Port.Registry {
  readonly outbox: Outbox;
  readonly notices: SqlNotices;
  readonly #db: SqlDatabase;
  readonly #openStaging: () => Staging;

  constructor(database: SqlDatabase, openStaging: () => Staging) {
    this.#db = database;
    this.#openStaging = openStaging;
    this.outbox = new SqlOutbox(database);
    this.notices = new SqlNotices(database);
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.#db.close();
  }

  assertWritable(): Promise<void> {
    return this.#db.assertWritable();
  }

  async importBatch(batch: NewBatch, rows: AsyncIterable<Port.BatchRow>): Promise<Port.ImportResult> {
    const known = await this.batchOf(batch.manifestSha256);
    if (known !== undefined) return { status: 'imported', batch: known };
    return await importBatch(await this.stageBatch(batch.batchId), batch, rows);
  }

  stageBatch(batchId: string): Promise<Port.StagedBatch> {
    return SqlStagedBatch.begin(this.#openStaging(), batchId);
  }

  async discardStaged(): Promise<void> {
    for (const batchId of await this.#db.read(stagedBatchIds))
      await new SqlStagedBatch(this.#openStaging(), batchId).discard();
  }

  recordStart(batchId: string): Promise<void> {
    return this.#db.write((db) => recordStart(db, batchId));
  }

  endOpenUnits(
    batchId: string,
    outcome: Exclude<Outcome, 'PASS'>,
    code: string,
    supplement?: number,
  ): Promise<void> {
    return this.#db.write((db) => endOpenUnits(db, batchId, outcome, code, supplement));
  }

  openUnits(batchId: string, supplement?: number): Promise<number> {
    return this.#db.read((db) => openUnits(db, batchId, supplement));
  }

  closeBatch(batchId: string, supplement?: number): Promise<void> {
    return this.#db.write(async (db) => {
      await closeBatch(db, batchId, supplement);
      await this.notices.batchEnded(db, batchId, supplement);
    });
  }

  openSupplement(supplement: OpenSupplementInput): Promise<Port.SupplementRecord> {
    return this.#db.write((db) => openSupplement(db, supplement));
  }

  supplements(batchId: string): Promise<Port.SupplementRecord[]> {
    return this.#db.read((db) => supplements(db, batchId));
  }

  rerunnable(batchId: string, choice: EndedChoice): Promise<Port.RerunnableUnits> {
    return this.#db.read((db) => rerunnable(db, batchId, choice));
  }

  neverBegun(batchId: string, after: number, limit: number): Promise<Port.UnbegunUnit[]> {
    return this.#db.read((db) => neverBegun(db, batchId, after, limit));
  }

  freeUnits(batchId: string, serials: readonly string[]): Promise<void> {
    return this.#db.write((db) => freeUnits(db, batchId, serials));
  }

  batchOf(manifestSha256: string): Promise<Port.BatchRecord | undefined> {
    return this.#db.read((db) => batchWithContent(db, manifestSha256));
  }

  registeredSerials(folded: readonly string[]): Promise<Port.RegisteredKey[]> {
    return this.#db.read((db) => registeredKeys(db, 'serial_folded', folded));
  }

  registeredBoards(boardIds: readonly string[]): Promise<Port.RegisteredKey[]> {
    return this.#db.read((db) => registeredKeys(db, 'board_wanted', boardIds));
  }

  registeredRows(folded: readonly string[]): Promise<Port.RegisteredRow[]> {
    return this.#db.read((db) => registeredRows(db, folded));
  }

  freedUnits(batchId: string): Promise<number> {
    return this.#db.read((db) => freedUnits(db, batchId));
  }

  chunkRows(batchId: string, chunk: number, size: number, supplement?: number): Promise<ChunkRow[]> {
    return this.#db.read((db) => chunkRows(db, batchId, chunk, size, supplement));
  }

  async registerUnit(registration: Port.Registration): Promise<void> {
    const contradiction = await this.#db.write(async (db) => {
      const { signerLog } = registration;
      const found = signerLog && (await contradictionWith(db, signerLog, registration));
      if (found === undefined) await registerUnit(db, registration);
      return found;
    });
    if (contradiction === undefined) return;
    const message = `The signer works on an old copy of its ledger (${contradiction}): stop it, and call the security engineer.`;
    throw new RegistryError('forked', message);
  }

  signerLogs(): Promise<Port.SignerLogRecord[]> {
    return this.#db.read((db) => signerLogs(db));
  }

  acceptSignerLog(log: string, decision: Decision): Promise<boolean> {
    return this.#db.write((db) => acceptSignerLog(db, log, decision));
  }

  recordAttention(failure: Port.AttemptFailure): Promise<void> {
    return this.#db.write(async (db) => {
      await recordFailure(db, failure);
      await this.notices.unitWaits(db, failure);
    });
  }

  recordOutcome(
    failure: Port.AttemptFailure & { readonly outcome: Exclude<Outcome, 'PASS'> },
  ): Promise<void> {
    return this.#db.write((db) => recordFailure(db, failure, failure.outcome));
  }

  noteUnregistered(
    unit: Pick<AttemptId, 'batchId' | 'serial'>,
    certificate: Port.UnregisteredCertificate,
  ): Promise<void> {
    return this.#db.write((db) => noteUnregistered(db, unit, certificate));
  }

  recordRelease(released: AttemptId): Promise<void> {
    return this.#db.write((db) => recordRelease(db, released));
  }

  recordDecision(decided: AttemptId & { readonly decision: Decision }): Promise<void> {
    return this.#db.write((db) => recordDecision(db, decided));
  }

  recordBatchDecision(batchId: string, decision: Decision): Promise<void> {
    return this.#db.write((db) => recordBatchDecision(db, batchId, decision));
  }

  recordRejectedBoard(board: RejectedBoard): Promise<void> {
    return this.#db.write((db) => recordRejectedBoard(db, board));
  }

  rejectedBoards(limit: number): Promise<RejectedBoard[]> {
    return this.#db.read((db) => rejectedBoards(db, limit));
  }

  socketYields(): Promise<Port.SocketYield[]> {
    return this.#db.read(socketYields);
  }

  batchDecisions(batchId: string): Promise<Decision[]> {
    return this.#db.read((db) => batchDecisions(db, batchId));
  }

  openRework(asked: ReworkInput): Promise<OpenedRework> {
    return this.#db.write((db) => openRework(db, asked));
  }

  refuseRework(refusal: RefuseReworkInput): Promise<void> {
    return this.#db.write((db) => refuseRework(db, refusal));
  }

  recordWipe(wiped: ReworkOfUnit): Promise<void> {
    return this.#db.write((db) => recordWipe(db, wiped));
  }

  recordReworkFailure(failed: RecordReworkFailureInput): Promise<void> {
    return this.#db.write(async (db) => {
      await recordReworkFailure(db, failed);
      await this.notices.reworkWaits(db, failed);
    });
  }

  endReworkUnit(ended: EndReworkUnitInput): Promise<ReworkResult> {
    return this.#db.write((db) => endReworkUnit(db, ended));
  }

  nextResult(batchId: string): Promise<Port.NumberedResult> {
    return this.#db.read((db) => nextResult(db, batchId));
  }

  numberResult(batchId: string, version: number): Promise<boolean> {
    return this.#db.write((db) => numberResult(db, batchId, version));
  }

  noteAnswers(batchId: string, changes: number): Promise<void> {
    return this.#db.write((db) => noteAnswers(db, batchId, changes));
  }

  lateAnswers(changedBefore: string): Promise<string[]> {
    return this.#db.read((db) => lateAnswers(db, changedBefore));
  }

  reworks(): Promise<Port.ReworkRecord[]> {
    return this.#db.read(reworks);
  }

  rework(reworkId: string): Promise<Port.ReworkRecord | undefined> {
    return this.#db.read((db) => rework(db, reworkId));
  }

  attemptCounts(batchId: string): Promise<Port.AttemptCounts> {
    return this.#db.read((db) => attemptCounts(db, batchId));
  }

  applyRevocations(list: Port.RevocationList): Promise<Port.RevocationResult> {
    return this.#db.write((db) => applyRevocations(db, list));
  }

  certifiedBoards(batchId: string): Promise<number> {
    return this.#db.read((db) => certifiedBoards(db, batchId));
  }

  batch(batchId: string): Promise<Port.BatchRecord | undefined> {
    return this.#db.read((db) => batchWithId(db, batchId));
  }

  listBatches(): Promise<Port.BatchRecord[]> {
    return this.#db.read(listBatches);
  }

  openBatches(): Promise<Port.BatchRecord[]> {
    return this.#db.read(openBatches);
  }

  batchClosedLast(): Promise<Port.BatchRecord | undefined> {
    return this.#db.read(batchClosedLast);
  }

  batchSummary(batchId: string, supplement?: number): Promise<Port.BatchSummary> {
    return this.#db.read((db) => batchSummary(db, batchId, supplement));
  }

  unit(serial: string): Promise<Port.UnitRecord | undefined> {
    return this.#db.read((db) => unitRecord(db, serial));
  }

  serialsWith(boardOrCertificate: string): Promise<string[]> {
    return this.#db.read((db) => serialsWith(db, boardOrCertificate));
  }

  unitsOnSameBoards(serial: string): Promise<Port.UnitOnBoard[]> {
    return this.#db.read((db) => unitsOnSameBoards(db, serial));
  }

  waitingUnits(batchId: string): Promise<Port.WaitingUnit[]> {
    return this.#db.read((db) => waitingUnits(db, batchId));
  }

  async *certifiedUnits(batchId: string): AsyncGenerator<Port.CertifiedUnit> {
    const { quantity } = await this.#db.read((db) => knownBatch(db, batchId));
    for (let after = 0; after < quantity; after += RESULT_PAGE_ROWS) {
      yield* await this.#db.read((db) => certifiedPage(db, batchId, after, RESULT_PAGE_ROWS));
    }
  }

  attributeNames(batchId: string): Promise<string[]> {
    return this.#db.read((db) => attributeNames(db, batchId));
  }

  async *unitRecords(batchId: string): AsyncGenerator<Port.UnitRecord> {
    const { quantity } = await this.#db.read((db) => knownBatch(db, batchId));
    for (let after = 0; after < quantity; after += UNIT_PAGE_ROWS) {
      yield* await this.#db.read((db) => unitPage(db, batchId, after, UNIT_PAGE_ROWS));
    }
  }

  async *resultRows(batchId: string): AsyncGenerator<ResultRow> {
    const { quantity } = await this.#db.read((db) => knownBatch(db, batchId));
    for (let after = 0; after < quantity; after += RESULT_PAGE_ROWS) {
      yield* await this.#db.read((db) => resultPage(db, batchId, after, RESULT_PAGE_ROWS));
    }
  }
}
