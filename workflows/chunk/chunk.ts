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
  executeChild,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
} from '@temporalio/workflow';
import { chunkInputOf, loadedChunk } from '../../provisioning/batch.ts';
import type { ChunkInput, ChunkReport, EarlierChunkInput, LoadedChunk } from '../../provisioning/batch.ts';
import type { ReportedPass } from '../../provisioning/pass.ts';
import type { Permit, ReleasedUnits } from '../../provisioning/permit.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { DecisionInput } from '../../provisioning/messages.ts';
import type { Outcome } from '../../provisioning/outcome.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';
import type { Attention, UnitReport, UnitRow } from '../../provisioning/unit.ts';
import { batchWorkflowId, unitWorkflowId } from '../../provisioning/workflow-ids.ts';
import { ChunkTally } from './chunk-tally.ts';
import { adoptUnit, endOfUnit } from './ended-unit.ts';
import { showChunk } from './chunk-page.ts';
import { fitting } from '../checked-message.ts';
import { paceCheck, rerunUnitsCheck, unitAttentionCheck } from '../message-schemas.ts';
import { chunkReport, reportAgain, rerunUnits, retrySignal, setPace, unitAttention } from '../messages.ts';
import { showTrouble, unitAttributes } from '../search-attributes.ts';
import { codeOfStepFailure } from '../unit/step-failure.ts';
import { registryBookkeeping, signerBookkeeping } from '../steps.ts';
import type { unit } from '../unit/unit.ts';

/** Up to 250 units of a batch, a window of them at a time. Never continues as new, so its units report natively. */
export async function chunk(started: ChunkInput | EarlierChunkInput): Promise<ChunkReport> {
  const input = chunkInputOf(started);
  const tally = new ChunkTally(input.chunk, input.window, input.pace);
  setHandler(unitAttention, (message) => {
    const known = fitting(unitAttentionCheck, MESSAGES.unitAttention, message);
    if (known) tally.attend(known.serial, known.attention);
  });
  setHandler(rerunUnits, (message) => {
    const known = fitting(rerunUnitsCheck, MESSAGES.rerunUnits, message);
    if (!known) return undefined;
    tally.askAgain(known.serials);
    return retryUnits(tally.waiting(known.serials), known);
  });
  setHandler(setPace, (message) => {
    const known = fitting(paceCheck, MESSAGES.setPace, message);
    if (known) tally.setPace(known);
  });
  setHandler(reportAgain, () => tally.reportAgain());
  const reporting = reportToBatch(input, tally);
  try {
    const { rows, ...loaded } = await load(input);
    tally.expect(rows.length);
    const open = rows.filter(({ outcome }) => outcome === undefined);
    for (const { serial, outcome } of rows) if (outcome !== undefined) tally.recall(serial, outcome);
    const permits = open.length === 0 ? [] : await releaseUnits(input, { ...loaded, rows: open }, tally);
    const units = open.map((unit, at) => ({ unit, permit: permits[at] }));
    await runUnits(input, units, tally);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    tally.refuse([]);
    // The units are being cancelled too; each still has a socket to leave and a record to write.
    await CancellationScope.nonCancellable(() =>
      condition(() => tally.active + tally.attention.length === 0),
    );
    tally.expect(tally.ended);
  }
  return await reporting;
}

async function load({ batchId, chunk: number }: ChunkInput): Promise<LoadedChunk> {
  return loadedChunk(await registryBookkeeping.loadChunk({ batchId, chunk: number }));
}

/**
 * No unit begins before the signer has released the chunk; if it refuses, all of them wait for `rerunFailed`. Returns the
 * permit of each unit; none where an earlier version of the signer released them.
 */
async function releaseUnits(
  input: ChunkInput,
  { rows, ...loaded }: LoadedChunk,
  tally: ChunkTally,
): Promise<readonly Permit[]> {
  const { batchId, order, manifestSha256, quantity } = input;
  const release = { batchId, order, manifestSha256, quantity, units: rows };
  let signed = loaded;
  for (let refusals = 0; ; refusals++) {
    try {
      const released: Partial<ReleasedUnits> | undefined = await signerBookkeeping.releaseUnits({
        ...release,
        ...signed,
      });
      if (refusals > 0) showTrouble({});
      return released?.permits ?? [];
    } catch (error) {
      const code = codeOfStepFailure(error, 'signCertificate');
      tally.refuse(rows.map(({ serial }) => refusedUnit(serial, code)));
      showTrouble({ status: UNIT_STATUS.attention, step: 'signCertificate', error: code });
      await registryBookkeeping.recordRefusal({ batchId, units: rows, code });
      await condition(() => !tally.isRefused);
      // An earlier version loaded the units without the intake's word for them.
      if (signed.signed === undefined && patched('signed-release')) {
        const { rows: _same, ...again } = await load(input);
        signed = again;
      }
    }
  }
}

function refusedUnit(serial: string, code: FailureCode): Attention {
  return { serial, code, step: 'signCertificate', attempt: 1, hint: FAILURES[code].hint };
}

/** A unit of the chunk, and the permit of its first attempt. */
interface PermittedUnit {
  readonly unit: UnitRow;
  readonly permit: Permit | undefined;
}

async function runUnits(
  input: ChunkInput,
  units: readonly PermittedUnit[],
  tally: ChunkTally,
): Promise<void> {
  const running: Promise<void>[] = [];
  for (const each of units) {
    await condition(() => tally.mayStart);
    tally.start();
    running.push(runUnit(input, each, tally));
  }
  await Promise.all(running);
}

async function runUnit(
  input: ChunkInput,
  { unit: row, permit }: PermittedUnit,
  tally: ChunkTally,
): Promise<void> {
  const { batchId, order } = input;
  let outcome: Outcome;
  try {
    const report = await executeChild<typeof unit>('unit', {
      workflowId: unitWorkflowId(row.serial),
      // A unit that was scrapped, skipped or terminated does not begin again because its chunk does.
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      args: [{ batchId, order, unit: row, ...(permit && { permit }) }],
      typedSearchAttributes: unitAttributes({ batchId, order, serial: row.serial, product: row.product }),
      staticSummary: `${row.serial} (${row.product})`,
    });
    outcome = report.outcome;
    const { requestId, pass } = report;
    if (requestId !== undefined) tally.pass({ requestId, ...(pass && { pass }) });
  } catch (error) {
    outcome = await outcomeWithoutReport(error, { batchId, serial: row.serial });
  }
  tally.end(row.serial, outcome);
}

/** Earlier versions asked nobody. A chunk that did so before an update must do so when it is replayed. */
async function outcomeWithoutReport(
  error: unknown,
  unit: { readonly batchId: string; readonly serial: string },
): Promise<Outcome> {
  const isTerminated = error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
  const isEarlier = error instanceof WorkflowExecutionAlreadyStartedError;
  if (isTerminated && patched('record-terminated-unit')) return await endOfUnit(unit);
  if (isEarlier && patched('adopt-unit')) return await adoptUnit(unit);
  return outcomeOfFailedUnit(error);
}

/** A unit that did not pass ends as a failed workflow with its report as details; a cancelled one is on hold. */
function outcomeOfFailedUnit(error: unknown): Outcome {
  if (error instanceof WorkflowExecutionAlreadyStartedError) return 'HOLD';
  if (!(error instanceof ChildWorkflowFailure)) throw error;
  if (error.cause instanceof CancelledFailure) return 'HOLD';
  if (error.cause instanceof ApplicationFailure) {
    const report = error.cause.details?.[0] as UnitReport | undefined;
    return report?.outcome ?? 'ERROR';
  }
  return 'ERROR';
}

/** Reports to the batch until the last unit has ended. Resolves with the last report. */
async function reportToBatch(input: ChunkInput, tally: ChunkTally): Promise<ChunkReport> {
  return await CancellationScope.nonCancellable(async () => {
    const batch = getExternalWorkflowHandle(batchWorkflowId(input.batchId));
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
