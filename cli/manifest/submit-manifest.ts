import { join } from 'node:path';
import { answerPaths } from '../../manifests/answer/answers.ts';
import type { Issue } from '../../manifests/check/issue.ts';
import { dropManifest } from '../../manifests/intake/drop-manifest.ts';
import type { DroppedManifest } from '../../manifests/intake/drop-manifest.ts';
import { nameWithPriority } from '../../manifests/intake/manifest-claims.ts';
import { nameClaims } from '../../manifests/intake/name-claims.ts';
import type { BatchProgress } from '../../provisioning/batch.ts';
import { externalConfiguration } from '../../temporal/server/external-configuration.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { CommandError } from '../exit-status.ts';
import { mustAllPass } from '../batch/batch-words.ts';
import { showBatch } from '../batch/follow-batch.ts';
import type { Invocation } from '../invocation.ts';
import { issueCells, printIssues } from './issue-table.ts';
import { isLineRunning } from '../../line/lock.ts';
import { digestFaults, readManifestFile } from './manifest-file.ts';
import { waitForAnswer } from './manifest-answer.ts';
import type { ManifestAnswer } from './manifest-answer.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

export interface SubmitOptions {
  readonly json?: boolean;
  readonly wait?: boolean;
  /** From 1 to 5. */
  readonly priority?: number;
}

/** A file that looks incomplete waits 15 s before it is read; 1,000,000 rows take about a minute more. */
const ANSWER_PATIENCE_MS = 120_000;

/**
 * `certline submit`. Exit status `manifestRefused` for a rejection; throws what dropping throws, `lineNotRunning` when
 * an answer is awaited and none comes, and `notAllPassed`.
 */
export async function submitManifest(
  invocation: Invocation,
  file: string,
  options: SubmitOptions,
): Promise<void> {
  const { inbox } = invocation.config;
  const { name: given, content } = await readManifestFile(file);
  const name = nameFor(given, options);
  const faults = await digestFaults(file, content);
  if (faults.length > 0) return await refuse(file, faults, options);
  const dropped = await dropManifest(inbox, name, content);
  if (dropped === undefined) throw nameTaken(name, inbox);
  const path = join(inbox, dropped.name);
  const forPeople = options.json !== true;
  if (forPeople) printLine(dropped.isNew ? `Dropped ${path}` : `${path} is there already`);
  const answer = await waitForAnswer(inbox, dropped, mayBeAnswered(invocation) ? ANSWER_PATIENCE_MS : 0);
  if (forPeople) await printAnswer(dropped, answer, options.wait === true);
  const progress = await outcomeOf(invocation, answer, options);
  if (!forPeople)
    printJson({ file: path, ...(answer ?? { status: 'dropped' }), ...(progress && { progress }) });
  if (answer === undefined) mayStayUnanswered(invocation, dropped, options);
  if (answer?.status === 'rejected') process.exitCode = EXIT_STATUS.manifestRefused.status;
  if (progress) mustAllPass(progress);
}

/** Says why nothing was dropped, in the words in which the factory line would. */
async function refuse(file: string, faults: readonly Issue[], { json }: SubmitOptions): Promise<void> {
  process.exitCode = EXIT_STATUS.manifestRefused.status;
  const issues = faults.map(issueCells);
  if (json === true) return printJson({ file, status: 'rejected', issues });
  await printIssues(issues);
  printLine(`${file} is refused: fix it and submit it again.`);
}

/** The priority is in the name, as a planner writes it who has only the folder. */
function nameFor(name: string, { priority }: SubmitOptions): string {
  if (priority === undefined) return name;
  const { priority: inName } = nameClaims(name);
  if (inName === undefined) return nameWithPriority(name, priority);
  if (inName === String(priority)) return name;
  throw new CommandError(
    'usage',
    `The name ${name} says priority ${inName}, and --priority says ${priority}: say only one of them.`,
  );
}

/** If the environment names a server, the factory line of another host may serve this inbox. */
function mayBeAnswered({ stateFolder }: Invocation): boolean {
  return isLineRunning(stateFolder) || externalConfiguration(process.env) !== undefined;
}

async function printAnswer(
  { name }: DroppedManifest,
  answer: ManifestAnswer | undefined,
  goesOn: boolean,
): Promise<void> {
  if (answer === undefined) {
    printLine('The factory line does not answer: it will read the manifest when it starts ("certline up").');
  } else if (answer.status === 'rejected') {
    await printIssues(answer.issues);
    printLine(`${name} is refused: fix it and submit it again.`);
  } else {
    const again = answer.status === 'accepted' ? '' : ' before; nothing was done again';
    printLine(`Accepted${again}: batch ${answer.batch}, order ${answer.order}, ${answer.rows} units`);
    if (answer.continues !== undefined)
      printLine(`The other units of the file are in ${answer.continues.join(', ')} already.`);
    for (const sentence of [...(answer.understood ?? []), ...(answer.warnings ?? [])]) printLine(sentence);
    if (!goesOn) printLine(`To watch it: certline batch watch ${answer.batch}`);
  }
}

async function outcomeOf(
  { stateFolder }: Invocation,
  answer: ManifestAnswer | undefined,
  { wait, json }: SubmitOptions,
): Promise<BatchProgress | undefined> {
  if (wait !== true || answer === undefined || answer.status === 'rejected') return undefined;
  return await showBatch(stateFolder, answer.batch, { quiet: json === true });
}

/** Without a running factory line no answer is expected; with one, or with --wait, no answer is a failure. */
function mayStayUnanswered(
  { config, stateFolder }: Invocation,
  { name }: DroppedManifest,
  { wait }: SubmitOptions,
): void {
  if (!isLineRunning(stateFolder) && wait !== true) return;
  const { accepted } = answerPaths(config.inbox, name);
  throw new CommandError(
    'lineNotRunning',
    `The factory line has not answered ${name} yet: make sure that it runs with this inbox, then look for ${accepted}.`,
  );
}

function nameTaken(name: string, inbox: string): CommandError {
  const other = `${name.slice(0, -'.csv'.length)}-2.csv`;
  return new CommandError(
    'refused',
    `Another ${name} is already in ${inbox}: rename yours, for example to ${other}.`,
  );
}
