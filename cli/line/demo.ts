import { relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { InboxEvent } from '../../manifests/intake/inbox.ts';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { batchWorkflowId } from '../../provisioning/workflow-ids.ts';
import type { ResultRow } from '../../provisioning/result-row.ts';
import type { BatchRecord, Registry } from '../../registry/registry.ts';
import { caFolder, virtualLineFolder } from '../../line/state-folder.ts';
import { APPEARED, connectDevices } from './connect-devices.ts';
import { dropNextLot } from './demo-lot.ts';
import { CommandError } from '../exit-status.ts';
import { mustAllPass } from '../batch/batch-words.ts';
import { showBatch } from '../batch/follow-batch.ts';
import type { Invocation } from '../invocation.ts';
import { inboxLine, withLine } from './run-line.ts';
import type { RunningLine } from './run-line.ts';
import { printLine } from '../terminal/stdout.ts';
import { aborted } from '../stop-signal.ts';
import { filesOf } from '../../reports/lot-answers.ts';
import { printFields } from '../terminal/table.ts';
import { typed, typedDemo } from '../typed-name.ts';
import { printUnitRows } from '../unit/unit-rows.ts';

export interface DemoOptions {
  readonly units?: number;
  readonly stay?: boolean;
  readonly speed: 'realistic' | 'instant';
  /** Which board from now on is a bad one, counted from 1. */
  readonly faulty?: number;
}

/** A larger lot shows only the units that did not pass. */
const SHOWN_WHOLE = 50;

/** `npm start`: a lot on virtual boards, from the manifest to the devices in a cloud. */
export async function runDemo(invocation: Invocation, options: DemoOptions): Promise<void> {
  const answers = new Answers();
  const virtual = { speed: options.speed, ...(options.faulty !== undefined && { faulty: options.faulty }) };
  const setup = { virtual, uiActions: true, onInboxEvent: (event: InboxEvent) => answers.hear(event) };
  await withLine(invocation, setup, async (running) => {
    const batch = await openBatch(invocation, running, answers, options.units);
    showUi(running, batch);
    const progress = await showBatch(invocation.stateFolder, batch.batchId, {
      quiet: false,
      signal: running.signal,
      // Somebody at the terminal can decide about units that wait; nobody can behind a pipe.
      patient: process.stdout.isTTY || options.stay === true,
    });
    const { registry } = running.line;
    const cloud = await connectDevices(invocation, registry, batch.batchId, running.signal);
    running.milestones.reach('devices in the cloud');
    await showOutcomes(registry, batch, cloud);
    await showTimes(running, batch);
    await showHowToGoOn(invocation, registry, batch, progress);
    if (options.stay) {
      printLine('\nThe line stays up; Ctrl-C ends it.');
      await aborted(running.signal);
    }
    mustAllPass(progress);
  });
}

/** The batch that an interrupted run left, else a new lot. */
async function openBatch(
  { config }: Invocation,
  { line, signal }: RunningLine,
  answers: Answers,
  units: number | undefined,
): Promise<BatchRecord> {
  const { client } = line;
  const batches = await line.registry.listBatches();
  const open = await firstUnderWay(client, batches);
  if (open) {
    printLine(`Continuing batch ${open.batchId} (${open.manifest}) where it stopped.`);
    return open;
  }
  const name = await dropNextLot(config.inbox, batches, config.products[0]!.name, units);
  printLine(`Dropped ${shownPath(config.inbox)}/${name}`);
  const event = await answers.of(name, signal);
  printLine(inboxLine(event));
  const verdict = event.kind === 'answered' ? event.verdict : undefined;
  const accepted = verdict?.status === 'accepted' ? verdict.batchId : undefined;
  const batch = accepted === undefined ? undefined : await line.registry.batch(accepted);
  if (!batch)
    throw new CommandError(
      'manifestRefused',
      `${name} was not accepted: see the answer beside it in ${config.inbox}.`,
    );
  return batch;
}

/** An open batch whose workflow was ended by hand cannot be continued. */
async function firstUnderWay(
  client: Client,
  batches: readonly BatchRecord[],
): Promise<BatchRecord | undefined> {
  for (const batch of batches.filter((candidate) => candidate.state === 'open')) {
    const { status } = await client.workflow.getHandle(batchWorkflowId(batch.batchId)).describe();
    if (status.name === 'RUNNING') return batch;
    printLine(`Batch ${batch.batchId} was ended by hand (${status.name.toLowerCase()}): leaving it.`);
  }
  return undefined;
}

function showUi({ line: { server } }: RunningLine, batch: BatchRecord): void {
  if (!server.uiUrl) return;
  const query = encodeURIComponent(`ProvBatch="${batch.batchId}"`);
  printLine(`Temporal UI: ${server.uiUrl}/namespaces/${server.namespace}/workflows?query=${query}\n`);
}

async function showOutcomes(
  registry: Registry,
  batch: BatchRecord,
  cloud: ReadonlyMap<string, string>,
): Promise<void> {
  printLine();
  const whole = batch.quantity <= SHOWN_WHOLE;
  const { passed, failed, errors, held, attention, open } = await registry.batchSummary(batch.batchId);
  const rows = registry.resultRows(batch.batchId);
  const waiting = new Set((await registry.waitingUnits(batch.batchId)).map(({ serial }) => serial));
  if (whole || passed < batch.quantity) await printUnitRows(whole ? rows : unpassed(rows), waiting, cloud);
  const ends = `${passed} PASS, ${failed} FAIL, ${errors} ERROR, ${held} HOLD`;
  printLine(`\n${batch.quantity} units: ${ends}, ${attention} waiting, ${open} open`);
  const appeared = [...cloud.values()].filter((each) => each === APPEARED).length;
  printLine(
    `${appeared} of ${cloud.size} devices connected to the local cloud, and appeared by their names\n`,
  );
}

/** When each part was done, in seconds since the start; of units, those that passed in this run. */
async function showTimes({ line, milestones }: RunningLine, batch: BatchRecord): Promise<void> {
  let [first, last] = [Infinity, 0];
  for await (const { outcome, finishedAt } of line.registry.resultRows(batch.batchId)) {
    if (outcome !== 'PASS' || finishedAt === undefined) continue;
    const atMs = Date.parse(finishedAt) - performance.timeOrigin;
    if (atMs < 0) continue;
    first = Math.min(first, atMs);
    last = Math.max(last, atMs);
  }
  if (first <= last) {
    milestones.reach('first PASS', first);
    milestones.reach('last PASS', last);
  }
  printLine(`Time since the start: ${milestones.line()}\n`);
}

async function* unpassed(rows: AsyncIterable<ResultRow>): AsyncGenerator<ResultRow> {
  for await (const row of rows) if (row.outcome !== 'PASS') yield row;
}

async function showHowToGoOn(
  { config, stateFolder }: Invocation,
  registry: Registry,
  batch: BatchRecord,
  progress: BatchProgress,
): Promise<void> {
  const waits = progress.attention.length > 0;
  const { result } = await filesOf(registry, config.inbox, batch);
  printFields([
    ['Result', waits ? undefined : shownPath(result)],
    ['CA chain', `${shownPath(caFolder(stateFolder))}/chain.pem`],
    ['Boards', `${shownPath(virtualLineFolder(stateFolder))}/boards/<board id>/lfs1/credentials/`],
    ['One unit', typed('unit show <serial>')],
    [
      'Continue',
      waits ? `${typedDemo('--stay')}, then: ${typed(`batch rerun ${batch.batchId}`)}` : undefined,
    ],
    ['Next lot', waits ? undefined : typedDemo()],
  ]);
}

/** Relative to the working folder if it is below that. */
function shownPath(path: string): string {
  const below = relative('.', path);
  return below.startsWith('..') ? path : below;
}

/** Answers of the inbox by manifest, whichever comes first: the answer or the question. */
class Answers {
  readonly #heard = new Map<string, InboxEvent>();
  readonly #waiting = new Map<string, (event: InboxEvent) => void>();

  hear(event: InboxEvent): void {
    this.#heard.set(event.name, event);
    this.#waiting.get(event.name)?.(event);
  }

  async of(name: string, signal: AbortSignal): Promise<InboxEvent> {
    const heard = this.#heard.get(name);
    if (heard) return heard;
    const answer = new Promise<InboxEvent>((resolve) => this.#waiting.set(name, resolve));
    const event = await Promise.race([answer, aborted(signal)]);
    signal.throwIfAborted();
    return event as InboxEvent;
  }
}
