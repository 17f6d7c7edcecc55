import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { stemOf as stemOfManifest } from '../answer/answers.ts';
import { visibleText } from '../csv/visible-text.ts';

/** Subfolder of the drop folder for lots that are done. */
const ARCHIVE_FOLDER = 'done';

/** For so long a lot that is done stays in the drop folder; milliseconds. */
export const ARCHIVE_AFTER_MS = 24 * 3_600_000;

const ACCEPTANCE = /^(.+?)(?:\.[0-9a-f]{8})?\.accepted\.json$/;

/** Every kind of answer to a manifest, after its name without `.csv`. */
const ANSWER =
  /^(.+?)\.(?:(?:[0-9a-f]{8}\.)?accepted\.json|rejected\.csv|result(?:\.[\w-]+)*\.csv|status(?:\.[\w-]+)*\.(?:json|csv)|report(?:\.[\w-]+)*\.html)$/;

const MANIFEST = /\.csv$/i;

/** When each batch that has ended did so, ISO 8601, by batch. */
export type Closings = () => Promise<ReadonlyMap<string, string>>;

/**
 * Moves each manifest whose batches ended before `before` (milliseconds since 1970), with its answers, into
 * `done/<date>/<batch>/`. Returns the number of manifests.
 */
export async function archiveDone(folder: string, closings: Closings, before: number): Promise<number> {
  const names = await readdir(folder);
  if (!names.some((name) => ACCEPTANCE.test(name))) return 0;
  const closed = await closings();
  const acceptances = Map.groupBy(
    names.filter((name) => ACCEPTANCE.test(name)),
    (name) => ACCEPTANCE.exec(name)?.[1] ?? '',
  );
  const ofStem = Map.groupBy(names, stemOf);
  let count = 0;
  for (const [stem, files] of acceptances) {
    const batches = await Promise.all(files.map((name) => batchIn(join(folder, name))));
    const ends = batches.map((id) => (id === undefined ? undefined : closed.get(id)));
    const [batch, end] = [batches[0], ends[0]];
    if (batch === undefined || end === undefined) continue;
    if (!ends.every((each) => each !== undefined && Date.parse(each) < before)) continue;
    const target = join(folder, ARCHIVE_FOLDER, end.slice(0, 10), visibleText(batch));
    await mkdir(target, { recursive: true });
    // The acceptance goes last: after a crash it is still here, and the rest follows at the next look.
    const own = (ofStem.get(stem) ?? []).toSorted((one, other) => rank(one) - rank(other));
    for (const name of own) await rename(join(folder, name), join(target, name));
    count += 1;
  }
  return count;
}

/** Where an answer of a batch is after it was moved: `path` is where it was written. */
export function archivedPath(path: string, batchId: string, closedAt: string): string {
  return join(dirname(path), ARCHIVE_FOLDER, closedAt.slice(0, 10), batchId, basename(path));
}

/**
 * What the answers to a manifest are called after, from its own name, that of its digest, or that of one of its answers;
 * else undefined.
 */
function stemOf(name: string): string | undefined {
  const answered = ANSWER.exec(name)?.[1];
  if (answered !== undefined) return answered;
  const manifest = name.replace(/\.sha256$/i, '');
  return MANIFEST.test(manifest) ? stemOfManifest(manifest) : undefined;
}

function rank(name: string): number {
  return ACCEPTANCE.test(name) ? 2 : Number(MANIFEST.test(name));
}

async function batchIn(path: string): Promise<string | undefined> {
  try {
    const { batch } = JSON.parse(await readFile(path, 'utf8')) as { batch?: unknown };
    return typeof batch === 'string' && /^[\w-]+$/.test(batch) ? batch : undefined;
  } catch {
    return undefined;
  }
}
