import { randomUUID } from 'node:crypto';
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
} from '../../provisioning/rework.ts';
import type { EndedChoice, OpenSupplementInput } from '../../provisioning/supplement.ts';
import type { AttemptId } from '../../provisioning/unit.ts';
import type * as Port from '../registry.ts';
import { attemptCounts } from './attempt-counts.ts';
import {
  batchSummary,
  certifiedBoards,
  batchWithContent,
  chunkRows,
  closeBatch,
  endOpenUnits,
  knownBatch,
  batchWithId,
  listBatches,
  numberResult,
  openUnits,
  recordStart,
  registeredKeys,
} from './batch-records.ts';
import { batchDecisions, recordBatchDecision } from './decisions.ts';
import { freeUnits, neverBegun } from './freed-units.ts';
import { importBatch } from './import-batch.ts';
import { recordRejectedBoard, rejectedBoards, socketYields } from './rejected-boards.ts';
import { recordDecision, recordFailure, registerUnit } from './record-unit.ts';
import { RegistryDatabase } from './registry-database.ts';
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
import { openSupplement, rerunnable, supplements } from './supplements.ts';
import { certifiedPage, resultPage, unitRecord, waitingUnits } from './unit-records.ts';

/** Rows of a result read at once; between pages other work continues. */
const RESULT_PAGE_ROWS = 500;

/**
 * The registry in one SQLite file, opened or made at `path`. Several processes may share it on one host; writes wait
 * for each other. With `readOnly` it must be there, of this version, and nothing can be written. Close it when done.
 */
export class SqliteRegistry implements Port.Registry {
  readonly #db: RegistryDatabase;

  constructor(path: string, options: { readonly readOnly?: boolean } = {}) {
    this.#db = new RegistryDatabase(path, options);
  }

  close(): void {
    this.#db.close();
  }

  async importBatch(batch: NewBatch, rows: AsyncIterable<Port.BatchRow>): Promise<Port.ImportResult> {
    const known = await this.batchOf(batch.manifestSha256);
    if (known !== undefined) return { status: 'imported', batch: known };
    return await this.#db.run((db) => importBatch(db, randomUUID(), batch, rows));
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
    return this.#db.write((db) => closeBatch(db, batchId, supplement));
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

  chunkRows(batchId: string, chunk: number, size: number, supplement?: number): Promise<ChunkRow[]> {
    return this.#db.read((db) => chunkRows(db, batchId, chunk, size, supplement));
  }

  registerUnit(registration: Port.Registration): Promise<void> {
    return this.#db.write((db) => registerUnit(db, registration));
  }

  recordAttention(failure: Port.AttemptFailure): Promise<void> {
    return this.#db.write((db) => recordFailure(db, failure));
  }

  recordOutcome(
    failure: Port.AttemptFailure & { readonly outcome: Exclude<Outcome, 'PASS'> },
  ): Promise<void> {
    return this.#db.write((db) => recordFailure(db, failure, failure.outcome));
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
    return this.#db.write((db) => recordReworkFailure(db, failed));
  }

  endReworkUnit(ended: EndReworkUnitInput): Promise<void> {
    return this.#db.write((db) => endReworkUnit(db, ended));
  }

  numberResult(batchId: string): Promise<number> {
    return this.#db.write((db) => numberResult(db, batchId));
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

  batchSummary(batchId: string, supplement?: number): Promise<Port.BatchSummary> {
    return this.#db.read((db) => batchSummary(db, batchId, supplement));
  }

  unit(serial: string): Promise<Port.UnitRecord | undefined> {
    return this.#db.read((db) => unitRecord(db, serial));
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

  async *resultRows(batchId: string): AsyncGenerator<ResultRow> {
    const { quantity } = await this.#db.read((db) => knownBatch(db, batchId));
    for (let after = 0; after < quantity; after += RESULT_PAGE_ROWS) {
      yield* await this.#db.read((db) => resultPage(db, batchId, after, RESULT_PAGE_ROWS));
    }
  }
}
