import { readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { answerPaths, isAbout, laterAcceptance, readAcceptance } from '../answer/answers.ts';
import type { FoundAcceptance } from '../answer/answers.ts';
import { archiveFolder } from '../answer/archive-folder.ts';
import { possibleLotFiles } from '../answer/lot-files.ts';
import { fileNow } from './inbox-listing.ts';
import { isSidecarOf } from './inbox-names.ts';

/** For so long a lot that is done stays in the drop folder; milliseconds. */
export const ARCHIVE_AFTER_MS = 24 * 3_600_000;

/** When a batch was closed first, and when its last run ended; ISO 8601. */
export interface LotEnd {
  readonly closedAt: string;
  readonly endedAt: string;
}

/** When a batch ended; undefined while a run of it is open. */
export type EndOf = (batchId: string) => Promise<LotEnd | undefined>;

/** An acceptance that says its batch. */
type Acceptance = FoundAcceptance & { readonly batchId: string };

/** An acceptance whose batch has ended. */
interface Ended {
  readonly accepted: Acceptance;
  readonly end: LotEnd;
}

/**
 * Moves each manifest whose batches ended before `before` (milliseconds since 1970), with its answers, into
 * `done/<date>/<batch>/`. It stays while it, or another manifest of its name, has no answer, was refused, or was answered later
 * than `before`. Returns the number of manifests. Throws the first error when it has tried all of them.
 */
export async function archiveDone(folder: string, endOf: EndOf, before: number): Promise<number> {
  const names = await readdir(folder);
  const errors: unknown[] = [];
  let count = 0;
  for (const [manifest, acceptances] of await acceptancesIn(folder, names)) {
    try {
      if (await archiveManifest({ folder, names, manifest }, acceptances, endOf, before)) count += 1;
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return count;
}

/** The acceptances of each manifest, by its name; the one of the name alone comes first. */
async function acceptancesIn(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly Acceptance[]>> {
  const paths = names.filter((name) => name.endsWith('.accepted.json')).map((name) => join(folder, name));
  const found = (await Promise.all(paths.map(readAcceptance))).filter(isAcceptance);
  const own = found.filter((each) => isOwnName(folder, each));
  const isFirst = (each: Acceptance): boolean => each.answer === answerPaths(folder, each.name).accepted;
  return Map.groupBy([...own.filter(isFirst), ...own.filter((each) => !isFirst(each))], ({ name }) => name);
}

/** A batch that could not be the name of a folder is none. */
function isAcceptance(found: FoundAcceptance | undefined): found is Acceptance {
  return found?.batchId !== undefined && /^[\w-]+$/.test(found.batchId);
}

/** Whether the acceptance is called after the manifest that it names: anyone can put a file of any name and content here. */
function isOwnName(folder: string, found: Acceptance): boolean {
  const paths = [answerPaths(folder, found.name).accepted, laterAcceptance(folder, found)];
  return basename(found.name) === found.name && paths.includes(found.answer);
}

async function archiveManifest(
  { folder, names, manifest }: { folder: string; names: readonly string[]; manifest: string },
  acceptances: readonly Acceptance[],
  endOf: EndOf,
  before: number,
): Promise<boolean> {
  // An acceptance that is not readable may be that of a batch that is open.
  const first = basename(answerPaths(folder, manifest).accepted);
  if (names.includes(first) && !acceptances.some(({ answer }) => basename(answer) === first)) return false;
  const ended: Ended[] = [];
  for (const accepted of acceptances) {
    const end = await endOf(accepted.batchId);
    if (end === undefined || Date.parse(end.endedAt) >= before) return false;
    ended.push({ accepted, end });
  }
  const sidecars = names.filter((name) => isSidecarOf(name, manifest, names));
  if (await isAwaited({ folder, manifest, sidecars }, acceptances, before)) return false;
  // The folder of a batch that has this manifest, and not that of another one with the same content.
  const home = ended.find(({ accepted }) => !accepted.isDuplicate) ?? ended[0];
  if (home === undefined) return false;
  const { answer } = home.accepted;
  const target = await unusedFolder(archiveFolder(folder, home.accepted.batchId, home.end.closedAt), answer);
  makeFolder(target);
  // That acceptance goes last: after a crash it is still here, and the rest follows at the next look.
  const others = acceptances.filter((each) => each.answer !== answer).map((each) => basename(each.answer));
  const answers = [basename(answerPaths('', manifest).rejected), ...others, basename(answer)];
  const lot = possibleLotFiles(
    manifest,
    acceptances.map(({ batchId }) => batchId),
  );
  for (const name of [manifest, ...sidecars, ...lot, ...answers])
    if (names.includes(name)) await rename(join(folder, name), join(target, name));
  return true;
}

/** Whether what is there has no answer yet, or one that is too new to be moved. */
async function isAwaited(
  { folder, manifest, sidecars }: { folder: string; manifest: string; sidecars: readonly string[] },
  acceptances: readonly Acceptance[],
  before: number,
): Promise<boolean> {
  const file = await fileNow(join(folder, manifest));
  const rejection = await fileNow(answerPaths(folder, manifest).rejected);
  if (file !== undefined && rejection !== undefined) return true;
  if (file !== undefined && !acceptances.some((accepted) => isAbout(accepted, file))) return true;
  if (rejection !== undefined && Date.parse(rejection.modified) >= before) return true;
  // A new digest may belong to a manifest that is about to come.
  const digests = await Promise.all(sidecars.map((name) => fileNow(join(folder, name))));
  const times = [
    ...digests.map((each) => each?.changedNs ?? 0n),
    ...acceptances.map((each) => each.writtenNs),
  ];
  return times.some((ns) => ns >= before * 1e6);
}

/** The same manifest may come again after it was archived: what is in the archive is never replaced. */
async function unusedFolder(folder: string, answer: string): Promise<string> {
  let unused = folder;
  for (let time = 2; (await fileNow(join(unused, basename(answer)))) !== undefined; time += 1)
    unused = `${folder}.${time}`;
  return unused;
}
