import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerOf } from '../../manifests/answer/answers.ts';
import type { AnsweredFile } from '../../manifests/answer/answers.ts';
import { inboxOwner, OWNER_GONE_MS } from '../../manifests/intake/inbox-owner.ts';
import { csvCells } from '../../manifests/csv/csv-cells.ts';

/** Pause between looks for the answer, milliseconds. */
const LOOK_MS = 200;

/** Pause between questions whether a factory line is still reading, milliseconds. */
const LOOK_AGAIN_MS = 5_000;

/** What `NAME.accepted.json` says. */
interface Acceptance {
  readonly status: 'accepted' | 'accepted before';
  readonly batch: string;
  readonly order: string;
  readonly rows: number;
  readonly understood?: readonly string[];
  readonly warnings?: readonly string[];
  readonly continues?: readonly string[];
}

/** The answer beside a manifest; `issues` are the rows of `NAME.rejected.csv`: line, column, value, means, expected, code. */
export type ManifestAnswer =
  Acceptance | { readonly status: 'rejected'; readonly issues: readonly (readonly string[])[] };

/** The answer to exactly this file; undefined when there is none after `patienceMs` and no factory line is reading. */
export async function waitForAnswer(
  inbox: string,
  file: AnsweredFile,
  patienceMs: number,
): Promise<ManifestAnswer | undefined> {
  let giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const answer = await answerOf(inbox, file);
    if (answer !== undefined) return await readAnswer(answer);
    if (performance.now() >= giveUpAt) {
      if (patienceMs === 0 || !(await isReading(inbox))) return undefined;
      giveUpAt = performance.now() + LOOK_AGAIN_MS;
    }
    await sleep(LOOK_MS);
  }
}

/** Whether a factory line is reading a manifest now: one of 1,000,000 units, for example, before this one. */
async function isReading(inbox: string): Promise<boolean> {
  const owner = await inboxOwner(inbox);
  return owner?.reading !== undefined && owner.ageMs < OWNER_GONE_MS;
}

async function readAnswer(path: string): Promise<ManifestAnswer> {
  const text = await readFile(path, 'utf8');
  if (path.endsWith('.json')) return JSON.parse(text) as Acceptance;
  const lines = text.split('\r\n').filter((line) => line !== '');
  return { status: 'rejected', issues: csvCells(lines.slice(1)).map((cells) => cells.slice(0, 6)) };
}
