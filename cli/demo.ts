import { relative } from 'node:path';
import { styleText } from 'node:util';
import { answerPaths } from '../manifests/answers.ts';
import type { InboxEvent } from '../manifests/inbox.ts';
import type { BatchRecord } from '../registry/registry.ts';
import { caFolder, virtualLineFolder } from '../workers/state-folder.ts';
import { dropNextLot } from './demo-lot.ts';
import { CommandError } from './exit-status.ts';
import type { Invocation } from './invocation.ts';
import type { DemoOptions } from './line-commands.ts';
import { renderOutcomes } from './outcome-table.ts';
import { inboxLine, withLine } from './run-line.ts';
import type { RunningLine } from './run-line.ts';
import { aborted } from './stop-signal.ts';
import { watchBatch } from './watch-batch.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** `npm start`: a lot on virtual boards, from the manifest to the table of outcomes. */
export async function runDemo(invocation: Invocation, options: DemoOptions): Promise<void> {
  const answers = new Answers();
  const virtual = { speed: options.speed, ...(options.faulty !== undefined && { faulty: options.faulty }) };
  const setup = { virtual, onInboxEvent: (event: InboxEvent) => answers.hear(event) };
  await withLine(invocation, setup, async (running) => {
    const batch = await openBatch(invocation, running, answers, options.units);
    showWhere(running, batch);
    const progress = await watchBatch(running, batch);
    say('');
    say(await renderOutcomes(running.line.registry, batch.batchId));
    showHowToGoOn(invocation, batch);
    if (options.stay) {
      say('\nThe line stays up; Ctrl-C ends it.');
      await aborted(running.signal);
    }
    if (progress.passed === progress.rows) return;
    const left = progress.rows - progress.passed;
    throw new CommandError(
      'notAllPassed',
      `${left} of ${progress.rows} units did not pass; see the table above`,
    );
  });
}

/** The batch that an interrupted run left, else a new lot. */
async function openBatch(
  { config }: Invocation,
  { line, signal }: RunningLine,
  answers: Answers,
  units: number | undefined,
): Promise<BatchRecord> {
  const batches = await line.registry.listBatches();
  const open = batches.find((batch) => batch.state === 'open');
  if (open) {
    say(`Going on with batch ${open.batchId} (${open.manifest}), where it was.`);
    return open;
  }
  const name = dropNextLot(config.inbox, batches, config.products[0]!.name, units);
  say(`Dropped ${shownPath(config.inbox)}/${name}`);
  const event = await answers.of(name, signal);
  say(inboxLine(event));
  const verdict = event.kind === 'answered' ? event.verdict : undefined;
  const accepted = verdict?.status === 'accepted' ? verdict.batchId : undefined;
  const batch = (await line.registry.listBatches()).find((candidate) => candidate.batchId === accepted);
  if (!batch) throw new CommandError('manifestRefused', `${name} was not accepted`);
  return batch;
}

function showWhere({ server }: RunningLine, batch: BatchRecord): void {
  if (!server.uiUrl) return;
  const query = encodeURIComponent(`ProvBatch="${batch.batchId}"`);
  say(`Temporal UI: ${server.uiUrl}/namespaces/${server.namespace}/workflows?query=${query}\n`);
}

function showHowToGoOn({ config, stateFolder }: Invocation, batch: BatchRecord): void {
  const { result } = answerPaths(config.inbox, batch.manifest);
  const rows = [
    ['Result', shownPath(result)],
    ['CA chain', `${shownPath(caFolder(stateFolder))}/chain.pem`],
    ['Boards', `${shownPath(virtualLineFolder(stateFolder))}/boards/<board id>/lfs1/credentials/`],
    ['One unit', 'npm run certline -- unit show <serial>'],
    ['Next lot', 'npm start'],
    ['Keep it up', 'npm start -- --stay'],
  ];
  for (const [what, where] of rows) say(`${styleText('dim', `${what}:`.padEnd(12))}${where}`);
}

/** Relative to the working folder where it lies below it. */
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
