import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  ChildWorkflowFailure,
  ApplicationFailure,
  CancelledFailure,
  CancellationScope,
  ParentClosePolicy,
  TerminatedFailure,
  WorkflowIdReusePolicy,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import { chunkInputOf, loadedChunk } from '../../provisioning/batch.ts';
import type {
  ChunkInput,
  ChunkReport,
  ChunkRow,
  EarlierChunkInput,
  LoadedChunk,
} from '../../provisioning/batch.ts';
import type { ReportedPass } from '../../provisioning/pass.ts';
import type { Permit, ReleasedUnits } from '../../provisioning/permit.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { DecisionInput } from '../../provisioning/messages.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import type { ReleasedAttempt } from '../../provisioning/signing.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { Attention } from '../../provisioning/unit.ts';
import {
  batchWorkflowId,
  chunkWorkflowId,
  runIdOf,
  unitWorkflowId,
} from '../../provisioning/workflow-ids.ts';
import { ChunkTally } from './chunk-tally.ts';
import { adoptOrBegin, adoptUnit, endOfUnit } from './ended-unit.ts';
import { endBeforeReset, endEarlierUnits, mayHaveEarlierUnits } from './earlier-units.ts';
import { RecalledUnits } from './recalled-units.ts';
import { showChunk } from './chunk-page.ts';
import type { UnitOfChunk } from './ended-unit.ts';
import { unitReportCheck } from '../answer-schemas.ts';
import { fitting } from '../checked-message.ts';
import { decisionCheck, paceCheck, rerunUnitsCheck, unitAttentionCheck } from '../message-schemas.ts';
import {
  chunkReport,
  closeUnits,
  reportAgain,
  rerunUnits,
  retrySignal,
  setPace,
  unitAttention,
} from '../messages.ts';
import { afterReset } from '../after-reset.ts';
import { mustHaveId } from '../right-id.ts';
import { showTrouble, unitAttributes } from '../search-attributes.ts';
import { codeOfStepFailure } from '../unit/step-failure.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import type { unit as unitWorkflow } from '../unit/unit.ts';

/** Up to 250 units of a batch, a window of them at a time. Never continues as new, so its units report natively. */
export async function chunk(started: ChunkInput | EarlierChunkInput): Promise<ChunkReport> {
  const input = chunkInputOf(started);
  mustHaveId(chunkWorkflowId(runIdOf(input.batchId, input.supplement?.number), input.chunk));
  // Earlier versions started one unit after the other.
  const tally = new ChunkTally(input, () => patched('chunk-brake'));
  setHandler(unitAttention, (message) => {
    const known = fitting(unitAttentionCheck, MESSAGES.unitAttention, message);
    if (known) tally.attend(known.serial, known.attention);
  });
  setHandler(rerunUnits, (message) => {
    const known = fitting(rerunUnitsCheck, MESSAGES.rerunUnits, message);
    if (!known) return undefined;
    tally.askAgain(known.serials);
    tally.releaseBrake();
    return retryUnits(tally.waiting(known.serials), known);
  });
  setHandler(setPace, (message) => {
    const known = fitting(paceCheck, MESSAGES.setPace, message);
    if (known) tally.setPace(known);
  });
  setHandler(reportAgain, () => tally.reportAgain());
  const recalled = new RecalledUnits(() => load(input));
  const units: UnitsOfChunk = { tally, recalled, running: new Set(), begun: new Set(), closing: {} };
  setHandler(closeUnits, (message = {}) => {
    const known = fitting(decisionCheck, MESSAGES.closeUnits, message);
    if (!known) return undefined;
    tally.close();
    units.closing = known;
    return closeRunning([...units.running], known);
  });
  const reporting = reportToBatch(input, tally);
  try {
    const { rows, ...loaded } = await load(input);
    tally.expect(rows.length);
    const open = rows.filter(({ outcome }) => outcome === undefined);
    for (const { serial, outcome } of rows) if (outcome !== undefined) tally.recall(serial, outcome);
    const released = open.length === 0 ? [] : await releaseUnits(input, { ...loaded, rows: open }, units);
    await runUnits(input, released, units);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    tally.refuse([]);
    // The units are being cancelled too; each still has a socket to leave and a record to write.
    await CancellationScope.nonCancellable(async () => {
      await condition(() => tally.active + tally.attention.length === 0);
      if (!mayHaveEarlierUnits()) return;
      const { rows } = await load(input);
      const serials = rows
        .filter(({ serial, outcome }) => outcome === undefined && !units.begun.has(serial))
        .map(({ serial }) => serial);
      await endEarlierUnits(input.batchId, serials, tally, (unit) => unit.cancel());
    });
    tally.expect(tally.ended);
  }
  return await reporting;
}

async function load({ batchId, chunk: number, supplement }: ChunkInput): Promise<LoadedChunk> {
  const run = { batchId, ...(supplement && { supplement: supplement.number }) };
  return loadedChunk(await registryBookkeeping.loadChunk({ ...run, chunk: number }));
}

/** A unit to run: the permit of its first attempt, or the attempt with which it runs again, for which it asks itself. */
interface ReleasedRow extends ChunkRow {
  readonly permit?: Permit | undefined;
  readonly from?: Omit<ReleasedAttempt, 'serial'>;
}

/** No unit begins before the signer has released the chunk; if it refuses, all of them wait for `rerunFailed`. */
async function releaseUnits(
  input: ChunkInput,
  { rows, ...loaded }: LoadedChunk,
  { tally, recalled }: UnitsOfChunk,
): Promise<readonly ReleasedRow[]> {
  const { batchId } = input;
  const haveEnded = (): boolean => rows.every(({ serial }) => recalled.endOf(serial) !== undefined);
  let signed = loaded;
  for (let refusals = 0; ; refusals++) {
    try {
      const released = await askForRelease(input, { rows, ...signed });
      if (refusals > 0) showTrouble({});
      return released;
    } catch (error) {
      const code = codeOfStepFailure(error, 'signCertificate');
      // Closed while the signer was asked: nobody waits for its word any more.
      if (tally.isClosing && patched('closed-before-refusal')) return rows;
      tally.refuse(rows.map((row) => refusedUnit(row, code)));
      showTrouble({ status: UNIT_STATUS.attention, step: 'signCertificate', error: code });
      await registryBookkeeping.recordRefusal({ batchId, units: rows, code });
      await condition(() => !tally.isRefused || haveEnded());
      if (tally.isClosing) return rows;
      if (haveEnded()) {
        tally.refuse([]);
        return rows;
      }
      // An earlier version loaded the units without the intake's word for them.
      if (signed.signed === undefined && patched('signed-release')) {
        const { rows: _same, ...again } = await load(input);
        signed = again;
      }
    }
  }
}

/** Without permits where an earlier version of the signer released them. */
async function askForRelease(
  input: ChunkInput,
  { rows, ...signed }: LoadedChunk,
): Promise<readonly ReleasedRow[]> {
  const { batchId, order, manifestSha256, quantity, supplement } = input;
  const batch = { batchId, order, manifestSha256, quantity, ...signed };
  if (supplement === undefined) {
    const released: Partial<ReleasedUnits> | undefined = await signerBookkeeping.releaseUnits({
      ...batch,
      units: rows,
    });
    return rows.map((row, at) => ({ ...row, permit: released?.permits?.[at] }));
  }
  const { reason, by } = supplement.decision;
  const released = await signerBookkeeping.releaseAttempts({
    ...batch,
    run: runIdOf(batchId, supplement.number),
    units: rows.map(({ serial, product, boardId, attempt = 0 }) => ({
      serial,
      product,
      ...(boardId !== undefined && { boardId }),
      attempt,
    })),
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
  });
  const bySerial = new Map(released.map(({ serial, ...from }) => [serial, from]));
  return rows.map((row) => ({ ...row, from: bySerial.get(row.serial)! }));
}

function refusedUnit({ serial, attempt = 0 }: ChunkRow, code: FailureCode): Attention {
  return { serial, code, step: 'signCertificate', attempt: attempt + 1, hint: FAILURES[code].hint };
}

/** The units of a chunk: their counts, which this run has begun, and which of those have not ended. */
interface UnitsOfChunk {
  readonly tally: ChunkTally;
  readonly recalled: RecalledUnits;
  readonly running: Set<string>;
  readonly begun: Set<string>;
  /** Who closes the batch, and why. */
  closing: DecisionInput;
}

async function runUnits(input: ChunkInput, rows: readonly ReleasedRow[], units: UnitsOfChunk): Promise<void> {
  const { tally, recalled, running, begun } = units;
  const ending: Promise<void>[] = [];
  let left = rows.length;
  for (const row of rows) {
    // A unit that had ended before the chunk was reset needs no room, and nobody may be there who ends a pause.
    await condition(() => tally.mayStart || tally.isClosing || recalled.endOf(row.serial) !== undefined);
    if (tally.isClosing) break;
    left -= 1;
    await recalled.looked();
    const outcome = recalled.endOf(row.serial) ?? (await endBeforeReset(input.batchId, row.serial));
    // What is started after a cancellation never begins, and rejects at once: with nobody to handle that, the chunk would never end.
    if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
    // Closed while it was asked whether the unit had ended. Earlier versions began it.
    if (tally.isClosing && outcome === undefined && patched('close-before-start')) {
      left += 1;
      break;
    }
    begun.add(row.serial);
    if (outcome !== undefined) {
      tally.recall(row.serial, outcome);
      continue;
    }
    tally.start();
    running.add(row.serial);
    ending.push(runUnit(input, row, units).finally(() => running.delete(row.serial)));
  }
  if (left > 0 && mayHaveEarlierUnits()) {
    await recalled.looked();
    const serials = rows.slice(-left).map(({ serial }) => serial);
    const others: string[] = [];
    for (const serial of serials) {
      const outcome = recalled.endOf(serial);
      if (outcome === undefined) others.push(serial);
      else tally.recall(serial, outcome);
    }
    await endEarlierUnits(input.batchId, others, tally, (unit) => unit.signal(closeUnits, units.closing));
  } else if (left > 0) tally.leaveOut(left);
  await Promise.all(ending);
}

async function runUnit(input: ChunkInput, row: ReleasedRow, units: UnitsOfChunk): Promise<void> {
  const { batchId } = input;
  const unit = { batchId, serial: row.serial, from: row.from?.attempt };
  const endedMeanwhile = afterReset().then(() => adoptUnit(unit));
  units.tally.end(row.serial, await Promise.race([outcomeOfUnit(input, row, units), endedMeanwhile]));
}

async function outcomeOfUnit(input: ChunkInput, row: ReleasedRow, units: UnitsOfChunk): Promise<Outcome> {
  const { tally } = units;
  const { batchId, order } = input;
  const { priority } = tally;
  const { from, permit, outcome: _none, isReused: _reused, attempt: _before, ...unit } = row;
  try {
    const child = await startChild<typeof unitWorkflow>('unit', {
      workflowId: unitWorkflowId(row.serial),
      workflowIdReusePolicy: reusePolicyOf(row),
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      args: [{ batchId, order, unit, ...(permit && { permit }), ...from }],
      typedSearchAttributes: unitAttributes({ batchId, order, serial: row.serial, product: row.product }),
      // Its activities inherit it.
      ...(priority !== undefined && { priority: { priorityKey: priority } }),
      staticSummary: `${row.serial} (${row.product})`,
    });
    // The batch was closed while the workflow was being made: the signal of the close found none.
    if (tally.isClosing && patched('close-at-start')) await closeRunning([row.serial], units.closing);
    const report = await child.result();
    const known = unitReportCheck(report).data;
    if (known === undefined) return await endOfUnit({ batchId, serial: row.serial, from: from?.attempt });
    const { outcome, requestId } = known;
    const { pass } = report;
    if (requestId !== undefined) tally.pass({ requestId, ...(pass && { pass }) });
    return outcome;
  } catch (error) {
    const known = { batchId, serial: row.serial, from: from?.attempt };
    return await outcomeWithoutReport(error, known, () => outcomeOfUnit(input, row, units));
  }
}

/**
 * A unit that was scrapped, skipped or terminated does not begin again because its chunk does. In a supplement it does: the
 * registry and the signer say with which attempt. So does one whose serial an earlier batch has given back.
 */
function reusePolicyOf({ from, isReused }: ReleasedRow): WorkflowIdReusePolicy {
  return from === undefined && isReused === undefined
    ? WorkflowIdReusePolicy.REJECT_DUPLICATE
    : WorkflowIdReusePolicy.ALLOW_DUPLICATE;
}

/** Earlier versions asked nobody. A chunk that did so before an update must do so when it is replayed. */
async function outcomeWithoutReport(
  error: unknown,
  unit: UnitOfChunk,
  begin: () => Promise<Outcome>,
): Promise<Outcome> {
  const isTerminated = error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
  const isEarlier = error instanceof WorkflowExecutionAlreadyStartedError;
  if (isTerminated && patched('record-terminated-unit')) return await endOfUnit(unit);
  if (isEarlier && patched('adopt-unit'))
    return unit.from === undefined ? await adoptUnit(unit) : await adoptOrBegin(unit, begin);
  return outcomeOfFailedUnit(error);
}

/** A unit that did not pass ends as a failed workflow with its report as details; a cancelled one is on hold. */
function outcomeOfFailedUnit(error: unknown): Outcome {
  if (error instanceof WorkflowExecutionAlreadyStartedError) return 'HOLD';
  if (!(error instanceof ChildWorkflowFailure)) throw error;
  if (error.cause instanceof CancelledFailure) return 'HOLD';
  if (error.cause instanceof ApplicationFailure) {
    return unitReportCheck(error.cause.details?.[0]).data?.outcome ?? 'ERROR';
  }
  return 'ERROR';
}

/** Reports to the batch until the last unit has ended. Resolves with the last report. */
async function reportToBatch(input: ChunkInput, tally: ChunkTally): Promise<ChunkReport> {
  return await CancellationScope.nonCancellable(async () => {
    const batch = getExternalWorkflowHandle(
      batchWorkflowId(runIdOf(input.batchId, input.supplement?.number)),
    );
    let activating: Promise<void> = Promise.resolve();
    const activateOn = (passes: readonly ReportedPass[]): void => {
      activating = activating.then(() => activate(passes));
    };
    for (;;) {
      await condition(() => tally.due);
      // At the end every certificate is activated before the last report; until then reports do not wait for the ledger.
      if (tally.finished) {
        activateOn(tally.takePassed());
        await activating;
      }
      const report = tally.report();
      showChunk(input, report);
      try {
        await batch.signal(chunkReport, report);
      } catch {
        log.warn('the batch is closed and gets no report of this chunk', { chunk: input.chunk });
      }
      if (report.finished) return report;
      activateOn(tally.takePassed());
    }
  });
}

/** Several units at a time: one activity for each would cost a billable action. */
async function activate(passes: readonly ReportedPass[]): Promise<void> {
  if (passes.length === 0) return;
  try {
    const refused = await signerBookkeeping.activateCertificates({ passes });
    if (refused.length > 0)
      log.error('the ledger does not take certificates of units that passed', { refused });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const requestIds = passes.map(({ requestId }) => requestId);
    log.error('the ledger does not take certificates of units that passed', { requestIds });
  }
}

/** Units that wait end, others do so when they fail; one that has just ended needs no word. */
async function closeRunning(serials: readonly string[], decision: DecisionInput): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    const signals = serials.map((serial) =>
      getExternalWorkflowHandle(unitWorkflowId(serial)).signal(closeUnits, decision),
    );
    await Promise.allSettled(signals);
  });
}

/** A unit may just have ended; that must not end the chunk. */
async function retryUnits(serials: readonly string[], { reason, by }: DecisionInput): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    const signals = serials.map((serial) =>
      getExternalWorkflowHandle(unitWorkflowId(serial)).signal(retrySignal, {
        reason: reason ?? 'rerun',
        ...(by !== undefined && { by }),
      }),
    );
    for (const result of await Promise.allSettled(signals)) {
      if (result.status === 'rejected') log.info('a unit ended before it could be tried again');
    }
  });
}
