import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ActivityFailure,
  CancellationScope,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  setHandler,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { batchInputOf, loadedChunk } from '../../provisioning/batch.ts';
import type {
  BatchInput,
  BatchProgress,
  ChunkReport,
  EarlierBatchInput,
  Ending,
  UnitCounts,
} from '../../provisioning/batch.ts';
import { decidedNow, saidIn } from '../../provisioning/decision.ts';
import type { LineTrouble } from '../../provisioning/line-trouble.ts';
import { MESSAGES } from '../../provisioning/messages.ts';
import type { RerunFilter, RerunResult } from '../../provisioning/messages.ts';
import { LOOK_PAUSE_MS } from '../../provisioning/timeouts.ts';
import { batchWorkflowId, chunkWorkflowId, runIdOf } from '../../provisioning/workflow-ids.ts';
import { BatchDecisions } from './batch-decisions.ts';
import { listenForPace, tellPace } from './batch-pace.ts';
import { BatchLine } from './batch-line.ts';
import { showBatch } from './batch-page.ts';
import { BatchWindow } from './batch-window.ts';
import type { chunk } from '../chunk/chunk.ts';
import { wasReset } from '../after-reset.ts';
import { fitting, mustFit, refusal } from '../checked-message.ts';
import { cancelCheck, chunkReportCheck, lineReportCheck, rerunCheck } from '../message-schemas.ts';
import {
  announceCancel,
  chunkReport,
  lineReport,
  progress,
  reportAgain,
  rerunFailed,
  rerunUnits,
} from '../messages.ts';
import { listenForClose, tellClose } from './close-batch.ts';
import { giveBack } from './give-back.ts';
import { nothingChosen } from './nothing-chosen.ts';
import { mustHaveId } from '../right-id.ts';
import { afterActivation } from '../after-activation.ts';
import { batchAttributes, showLineTrouble } from '../search-attributes.ts';
import { settleCertificates } from '../settle-certificates.ts';
import { untilUnitEnded } from '../until-unit-ended.ts';
import { registryBookkeeping } from '../steps.ts';

/** A chunk that says that it has ended closes within moments; after a minute it is looked at as any other. */
const CHUNK_END_PAUSE_MS = 60_000;

const RERUN_ARGUMENT =
  '{"codes": ["BOARD_GONE"], "serials": ["CL-000017"], "reason": "why", "by": "your name"}';

/** A manifest's units, chunk after chunk, until the last one has ended. Continues as new when its history is long. */
export async function batch(started: BatchInput | EarlierBatchInput): Promise<BatchProgress> {
  let input = batchInputOf(started);
  mustHaveId(batchWorkflowId(runIdOf(input.batchId, input.supplement?.number)));
  const window = new BatchWindow(input);
  const decisions = new BatchDecisions(input);
  const line = new BatchLine(input.resume?.line);
  listen(input, window, decisions, line);
  if (input.recovery?.decision && !input.resume) decisions.record(input.recovery.decision);
  try {
    input = await withUnits(input);
    if (input.supplement) window.expect(input.supplement.units ?? 0);
    const { mode, ending } = input.recovery ?? {};
    if (ending && !input.resume) await takeUpEnding(input, ending, window);
    if (mode !== 'close') await runChunks(input, window, decisions, line);
  } catch (error) {
    if (isCancellation(error)) {
      if (!decisions.isCancelAnnounced && patched('unannounced-cancel'))
        decisions.record(decidedNow('cancel', { reason: 'cancelled in Temporal, no name was given' }));
      await CancellationScope.nonCancellable(async () => {
        await cancelChunks(input, window);
        await close(input, window, decisions, true);
        showBatch(window.progress, []);
      });
    }
    throw error;
  }
  // Every unit has ended: a person who cancels the batch now changes nothing of that, and it still closes.
  const asked = CancellationScope.current();
  await CancellationScope.nonCancellable(async () => {
    await close(input, window, decisions, false);
    if (asked.consideredCancelled) await giveBack(input.batchId, decisions.last);
  });
  showBatch(window.progress, []);
  return window.progress;
}

/** The units of a supplement are chosen once, by the registry. */
async function withUnits(input: BatchInput): Promise<BatchInput> {
  const { batchId, supplement } = input;
  if (supplement === undefined || supplement.units !== undefined) return input;
  const units = await registryBookkeeping.openSupplement({ batchId, ...supplement });
  return { ...input, supplement: { ...supplement, units } };
}

/** An earlier run was being ended when it was terminated: no chunk starts any more, and those under way learn of it. */
async function takeUpEnding(
  input: BatchInput,
  { decision, chunks }: Ending,
  window: BatchWindow,
): Promise<void> {
  window.adopt(chunks);
  if (decision.verdict === 'close') {
    window.close(decision);
    await Promise.all(chunks.map((number) => tellClose(number, window)));
    for (const number of chunks) void watchInherited(input, number, window).catch(() => undefined);
  } else await CancellationScope.nonCancellable(() => cancelChunks(input, window));
}

/** What the registry then counts is what the batch says of itself, unless an earlier version closed it. */
async function close(
  { batchId, recovery, supplement }: BatchInput,
  window: BatchWindow,
  decisions: BatchDecisions,
  cancelled: boolean,
): Promise<void> {
  const recovered = recovery?.mode === 'close';
  const run = { batchId, ...(supplement && { supplement: supplement.number }) };
  const { ending } = recovery ?? {};
  const verdicts = [recovery?.decision?.verdict, ending?.decision.verdict];
  const withdrawn = verdicts.includes('withdraw');
  const closed = window.closing !== undefined || verdicts.includes('close');
  if (patched('settle-certificates'))
    await settleCertificates({ ...run, isOver: recovered || window.hasLost });
  const end = {
    ...run,
    cancelled: cancelled || withdrawn || ending?.decision.verdict === 'cancel',
    ...(closed && { closed }),
    ...(recovered && !withdrawn && !ending && { recovered }),
  };
  const counts: UnitCounts | undefined = await registryBookkeeping.closeBatch(end);
  if (counts !== undefined && counts !== null) window.settle(counts);
  // What was under way ended before the batch was closed, and its chunk may be gone. Earlier versions did not look again.
  const mayBeLate = end.cancelled || closed || recovered || wasReset();
  if (mayBeLate && patched('settle-after-close')) await settleCertificates({ ...run, isOver: true });
  // Earlier versions gave nothing back.
  if (withdrawn || ending?.decision.verdict === 'cancel' || (cancelled && patched('give-back')))
    await giveBack(batchId, ending?.decision ?? decisions.last);
  await settled(decisions);
}

/** Every Update is answered, and every decision is recorded. */
async function settled(decisions: BatchDecisions): Promise<void> {
  await condition(() => allHandlersFinished() && decisions.isSettled);
}

async function runChunks(
  input: BatchInput,
  window: BatchWindow,
  decisions: BatchDecisions,
  line: BatchLine,
): Promise<void> {
  void watchInheritedChunks(input, window).catch(() => undefined);
  const reset = new ResetRun();
  const startsPaused = (): boolean => reset.startsPaused;
  while (!window.finished) {
    for (let next = window.takeNext(startsPaused); next !== undefined; next = window.takeNext(startsPaused)) {
      await startChunk(input, next, window);
      window.noteStarted();
    }
    await condition(
      () =>
        window.canStart ||
        (window.hasNext && startsPaused()) ||
        window.finished ||
        workflowInfo().continueAsNewSuggested ||
        reset.mustLook,
    );
    if (reset.mustLook) {
      reset.looked = true;
      for (const number of window.openChunks)
        void watchInherited(input, number, window).catch(() => undefined);
    }
    if (workflowInfo().continueAsNewSuggested && !window.finished) {
      await settled(decisions);
      await continueAsNew<typeof batch>({ ...input, resume: { ...window.resume, line: line.reports } });
    }
  }
}

/**
 * Whether this run is one that Temporal made when somebody reset the batch. It does not hear of the end of chunks that ended
 * meanwhile, so it looks at all of them once. `patched` is false while what was before the reset is replayed: looking then
 * would send signals that the history does not have.
 */
class ResetRun {
  looked = false;
  readonly #isReset = wasReset();

  get mustLook(): boolean {
    return this.#isReset && !this.looked && patched('look-after-reset');
  }

  /** The same of a batch that was being cancelled when it was reset. */
  get mustLookAtCancelled(): boolean {
    return this.#isReset && patched('look-at-cancelled-after-reset');
  }

  /**
   * Whether chunks start although the batch is paused: they start no unit then, and say how many have ended. It may be all, where
   * the batch had closed before.
   */
  get startsPaused(): boolean {
    return this.#isReset && patched('start-paused-after-reset');
  }
}

/**
 * ABANDON: a chunk outlives the run that started it, since continue-as-new closes that run. It reports by signal. It is
 * started even if the batch is just being cancelled, so that every chunk that is open in the window exists and reports.
 */
async function startChunk(input: BatchInput, number: number, window: BatchWindow): Promise<void> {
  await CancellationScope.nonCancellable(() => startChunkChild(input, number, window));
}

async function startChunkChild(input: BatchInput, number: number, window: BatchWindow): Promise<void> {
  const { batchId, order, manifestSha256, quantity, window: width, supplement } = input;
  const { pace, priority, runId } = window;
  window.own(number);
  try {
    const child = await startChild<typeof chunk>('chunk', {
      workflowId: chunkWorkflowId(runId, number),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      args: [
        {
          batchId,
          order,
          manifestSha256,
          chunk: number,
          quantity,
          window: width,
          ...(priority !== undefined && { priority }),
          ...(pace && { pace }),
          ...(supplement && { supplement: { number: supplement.number, decision: supplement.decision } }),
        },
      ],
      typedSearchAttributes: batchAttributes(batchId, order),
      ...(priority !== undefined && { priority: { priorityKey: priority } }),
      staticSummary: `${runId}, chunk ${number}`,
    });
    void watchChunk(child.result(), input, number, window);
  } catch (error) {
    // It runs: an earlier run of this batch, which was reset or terminated, had started it.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    window.disown(number);
    // Earlier versions left it at the pace that it had.
    if (patched('pace-of-running-chunk')) window.settlePace();
    if (patched('watch-running-chunk')) void watchInherited(input, number, window).catch(() => undefined);
  }
  if (window.pace !== pace) await tellPace(number, window);
  if (window.closing !== undefined) await tellClose(number, window);
}

/** The last report comes by signal; this is for a chunk that ends without one: it was terminated, or failed. */
async function watchChunk(
  result: Promise<ChunkReport>,
  input: BatchInput,
  number: number,
  window: BatchWindow,
): Promise<void> {
  try {
    window.hear(await result);
  } catch {
    // Earlier versions did not wait for the units of such a chunk, which are being cancelled.
    if (patched('await-units-of-lost-chunk'))
      await CancellationScope.nonCancellable(() => watchInherited(input, number, window));
    else window.lose(number);
  }
}

/** A chunk that is no child of this run: a signal shows whether it is open. If it is not, what its units recorded is used. */
async function watchInherited(input: BatchInput, number: number, window: BatchWindow): Promise<void> {
  const { first, longest } = LOOK_PAUSE_MS;
  for (let pause: number = first; window.openChunks.includes(number); pause = Math.min(2 * pause, longest)) {
    try {
      await getExternalWorkflowHandle(chunkWorkflowId(window.runId, number)).signal(reportAgain);
    } catch (error) {
      if (isCancellation(error)) throw error;
      await loseChunk(input, number, window);
      return;
    }
    await sleep(pause);
  }
}

/** The units of a chunk that was terminated are being cancelled: each records its end before the batch closes. */
async function loseChunk(
  { batchId, supplement }: BatchInput,
  number: number,
  window: BatchWindow,
): Promise<void> {
  try {
    const run = { batchId, ...(supplement && { supplement: supplement.number }) };
    const { rows } = loadedChunk(await registryBookkeeping.loadChunk({ ...run, chunk: number }));
    const open = rows.filter(({ outcome }) => outcome === undefined);
    await Promise.all(open.map(({ serial }) => untilUnitEnded(serial)));
  } catch (error) {
    // A chunk that cannot be loaded never began.
    if (!(error instanceof ActivityFailure)) throw error;
  }
  window.lose(number);
}

/**
 * Chunks that an earlier run of this batch started are not children of this run: a signal shows whether one is still open. A
 * closed chunk has sent its last report before, so what had not arrived by then is lost.
 */
async function watchInheritedChunks(input: BatchInput, window: BatchWindow): Promise<void> {
  const inherited = new Set(input.resume?.open.map((report) => report.chunk));
  // A run that was reset does not hear of the end of chunks that it had started itself; earlier versions did not look at those.
  const all = input.resume !== undefined && patched('watch-all-open-chunks');
  const { first, longest } = LOOK_PAUSE_MS;
  for (let pause: number = first; ; pause = Math.min(2 * pause, longest)) {
    const open = window.startedChunks.filter((number) => all || inherited.has(number));
    if (open.length === 0 && !all) return;
    await Promise.all(
      open.map((number) =>
        getExternalWorkflowHandle(chunkWorkflowId(window.runId, number))
          .signal(reportAgain)
          .catch(() => (all ? loseChunk(input, number, window) : window.lose(number))),
      ),
    );
    await sleep(pause);
  }
}

function progressWith(window: BatchWindow, line: BatchLine): BatchProgress {
  const trouble = [...window.brakes, ...line.all];
  return { ...window.progress, ...(trouble.length > 0 && { trouble }) };
}

/** What the page shows, the worst first. */
function shownTrouble(window: BatchWindow, line: BatchLine): LineTrouble[] {
  return [...window.brakes, ...line.trouble];
}

function listen(input: BatchInput, window: BatchWindow, decisions: BatchDecisions, line: BatchLine): void {
  const show = afterActivation(() => showBatch(window.progress, shownTrouble(window, line)));
  setHandler(progress, () => progressWith(window, line), { description: 'Counts of this batch, now' });
  setHandler(
    lineReport,
    (report) => {
      const known = fitting(lineReportCheck, MESSAGES.lineReport, report);
      if (!known) return;
      const [before] = shownTrouble(window, line);
      line.hear(known);
      showLineTrouble(before, shownTrouble(window, line)[0]);
      show();
    },
    { description: 'A part of the line says what is wrong with it' },
  );
  setHandler(chunkReport, (report) => {
    const known = fitting(chunkReportCheck, MESSAGES.chunkReport, report);
    if (!known) return undefined;
    // Earlier versions believed a signal that the chunk had ended.
    const isEnd = known.finished && patched('chunk-end-is-checked');
    const [before] = shownTrouble(window, line);
    window.hear(isEnd ? { ...known, finished: false } : known);
    const [now] = shownTrouble(window, line);
    // Earlier versions did not look for it in the reports of chunks.
    if (before?.code !== now?.code && patched('show-brake')) showLineTrouble(before, now);
    show();
    return isEnd && !window.isOwn(known.chunk)
      ? CancellationScope.nonCancellable(() => hearEnd(input, known, window))
      : undefined;
  });
  listenForPace(window, decisions, show);
  listenForClose(window, decisions, show);
  setHandler(
    announceCancel,
    (message = {}) => {
      const known = fitting(cancelCheck, MESSAGES.announceCancel, message);
      if (known) decisions.announceCancel(known);
    },
    { description: 'Who cancels this batch next, and why' },
  );
  setHandler(rerunFailed, (filter) => rerun(window, decisions, filter), {
    description: `Every unit that waits for a decision tries again, or those that are named. Optional argument: ${RERUN_ARGUMENT}`,
    validator: (...args: [RerunFilter?]): void => {
      mustFit(rerunCheck, RERUN_ARGUMENT, args);
      if (window.waiting(args[0]).size === 0) throw refusal(nothingChosen(window.progress.attention));
    },
  });
}

/**
 * Anybody can say that a chunk has ended. Of a chunk that this run started, its result says so. Of one that an earlier run
 * started, the registry does, where each of its units has an end; or else Temporal, where the chunk takes no signal any more.
 */
async function hearEnd(input: BatchInput, report: ChunkReport, window: BatchWindow): Promise<void> {
  const { chunk: number } = report;
  if (await hasEnds(input, number)) {
    window.hear(report);
    return;
  }
  const chunk = getExternalWorkflowHandle(chunkWorkflowId(window.runId, number));
  for (let pauseMs: number = LOOK_PAUSE_MS.first; pauseMs < CHUNK_END_PAUSE_MS; pauseMs *= 2) {
    // Another report of the same end may have been believed meanwhile: a batch does not wait for it again.
    if (await condition(() => !window.openChunks.includes(number), pauseMs)) return;
    try {
      await chunk.signal(reportAgain);
    } catch (error) {
      if (isCancellation(error)) throw error;
      window.hear(report);
      return;
    }
  }
}

/** Whether each unit of a chunk has an end in the registry. */
async function hasEnds({ batchId, supplement }: BatchInput, chunk: number): Promise<boolean> {
  try {
    const run = { batchId, ...(supplement && { supplement: supplement.number }) };
    const { rows } = loadedChunk(await registryBookkeeping.loadChunk({ ...run, chunk }));
    return rows.every(({ outcome }) => outcome !== undefined);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    return false;
  }
}

/** Each chunk learns which of its own units try again. */
async function rerun(
  window: BatchWindow,
  decisions: BatchDecisions,
  filter: RerunFilter | undefined,
): Promise<RerunResult> {
  const waiting = window.waiting(filter);
  const serials = [...waiting.values()].flat();
  const { runId } = window;
  // Earlier versions sent all serials to every open chunk. A batch that did so before an update must do so when it is replayed.
  const own = patched('rerun-own-units');
  const targets = own ? [...waiting] : window.openChunks.map((number) => [number, serials] as const);
  const reached = await Promise.all(
    targets.map(async ([number, chosen]) => {
      try {
        await getExternalWorkflowHandle(chunkWorkflowId(runId, number)).signal(rerunUnits, {
          serials: chosen,
          ...saidIn(filter),
        });
      } catch (error) {
        if (isCancellation(error)) throw error;
        // It was terminated: its units are being cancelled, and none of them tries again.
        log.warn('a chunk that does not run takes no rerun', { chunk: number });
        return 0;
      }
      return chosen.length;
    }),
  );
  const units = own ? reached.reduce((sum, each) => sum + each, 0) : serials.length;
  if (patched('record-rerun'))
    decisions.record(decidedNow('rerun', filter, `${units} ${units === 1 ? 'unit' : 'units'}`));
  return { units };
}

/** Cancellation does not reach abandoned chunks: the batch passes it on and waits for the last report of each. */
async function cancelChunks(input: BatchInput, window: BatchWindow): Promise<void> {
  window.stop();
  await Promise.all(
    window.openChunks.map((number) =>
      getExternalWorkflowHandle(chunkWorkflowId(window.runId, number))
        .cancel()
        // It is closed: all its reports arrived before this.
        .catch(() =>
          patched('await-units-of-lost-chunk') ? loseChunk(input, number, window) : window.lose(number),
        ),
    ),
  );
  // This run hears nothing of the end of those. Earlier versions waited for their last reports.
  const inherited = window.openChunks.filter((number) => !window.isOwn(number));
  if (inherited.length > 0 && patched('watch-cancelled-chunks'))
    for (const number of inherited) void watchInherited(input, number, window).catch(() => undefined);
  const reset = new ResetRun();
  await condition(() => window.finished || reset.mustLookAtCancelled);
  for (const number of window.openChunks) void watchInherited(input, number, window).catch(() => undefined);
  await condition(() => window.finished);
}
