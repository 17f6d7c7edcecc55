import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerPaths, isAnswered } from '../../manifests/answer/answers.ts';
import type { AnsweredFile } from '../../manifests/answer/answers.ts';
import { csvCells } from '../../manifests/csv/csv-cells.ts';

/** Pause between looks for the answer, milliseconds. */
const LOOK_MS = 200;

/** What `NAME.accepted.json` says. */
interface Acceptance {
  readonly status: 'accepted' | 'accepted before';
  readonly batch: string;
  readonly order: string;
  readonly rows: number;
  readonly understood?: readonly string[];
}

/** The answer beside a manifest; `issues` are the rows of `NAME.rejected.csv`: line, column, value, means, expected, code. */
export type ManifestAnswer =
  Acceptance | { readonly status: 'rejected'; readonly issues: readonly (readonly string[])[] };

/** The answer to exactly this file; undefined when there is none after `patienceMs`. */
export async function waitForAnswer(
  inbox: string,
  file: AnsweredFile,
  patienceMs: number,
): Promise<ManifestAnswer | undefined> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    if (await isAnswered(inbox, file)) return await readAnswer(inbox, file.name);
    if (performance.now() >= giveUpAt) return undefined;
    await sleep(LOOK_MS);
  }
}

async function readAnswer(inbox: string, name: string): Promise<ManifestAnswer> {
  const { accepted, rejected } = answerPaths(inbox, name);
  const acceptance = await readFile(accepted, 'utf8').catch(() => undefined);
  if (acceptance !== undefined) return JSON.parse(acceptance) as Acceptance;
  const lines = (await readFile(rejected, 'utf8')).split('\r\n').filter((line) => line !== '');
  return { status: 'rejected', issues: csvCells(lines.slice(1)).map((cells) => cells.slice(0, 6)) };
}
