import { link, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { openDroppedFile } from '../../disk/open-dropped-file.ts';
import { temporaryPath, writeWhole } from '../../disk/write-whole.ts';
import { ManifestError } from '../manifest-error.ts';

/** The mark of the factory line that reads a drop folder. */
export interface InboxOwner {
  readonly host: string;
  /** The state folder of the factory line. */
  readonly line: string;
  /** ISO 8601. */
  readonly since: string;
  /** The manifests that are being read; absent while none is. */
  readonly reading?: readonly string[];
}

/** A mark, and how old it is by the clock of the folder's disk. */
export interface SeenOwner extends InboxOwner {
  readonly ageMs: number;
}

export const OWNER_MARK = '.certline-inbox.json';

/** How often a factory line renews its mark; milliseconds. */
const RENEW_MS = 5_000;

/** A factory line that was busy for so long, or whose network was away, has lost its folder; milliseconds. */
export const OWNER_GONE_MS = 60_000;

/** The longest mark: a host name, a path of at most 4,096 octets, and a time. */
const MARK_BYTES = 8_192;

/** The mark in a drop folder; undefined where there is none. */
export async function inboxOwner(folder: string): Promise<SeenOwner | undefined> {
  const path = join(folder, OWNER_MARK);
  try {
    const { mtimeMs } = await stat(path);
    const owner = JSON.parse(await markAt(path)) as InboxOwner;
    return { ...owner, ageMs: (await clockOf(folder)) - mtimeMs };
  } catch {
    return undefined;
  }
}

async function markAt(path: string): Promise<string> {
  const file = await openDroppedFile(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether the factory line of another state folder has the drop folder. */
export async function isTaken(folder: string, stateFolder: string): Promise<boolean> {
  const owner = await inboxOwner(folder);
  const isLate = owner === undefined || owner.ageMs >= OWNER_GONE_MS;
  return !isLate && isOther(owner, { host: hostname(), line: stateFolder });
}

/** The drop folder belongs to this factory line for as long as it renews its mark. */
export class InboxHold {
  readonly #folder: string;
  readonly #mark: InboxOwner;
  readonly #timer: NodeJS.Timeout;
  readonly #reading = new Set<string>();

  private constructor(folder: string, mark: InboxOwner) {
    this.#folder = folder;
    this.#mark = mark;
    this.#timer = setInterval(() => void this.#renew().catch(() => undefined), RENEW_MS);
    this.#timer.unref();
  }

  /** Takes the folder. Throws MANIFEST_INBOX_TAKEN when another factory line has it. */
  static async take(folder: string, stateFolder: string): Promise<InboxHold> {
    const mark = { host: hostname(), line: stateFolder, since: new Date().toISOString() };
    const other = await inboxOwner(folder);
    if (other !== undefined && isOther(other, mark)) {
      if (other.ageMs < OWNER_GONE_MS) throw taken(folder, other);
      await rm(join(folder, OWNER_MARK), { force: true });
    }
    if (other === undefined || isOther(other, mark)) await createMark(folder, mark);
    const hold = new InboxHold(folder, mark);
    await hold.#renew();
    return hold;
  }

  /** Throws MANIFEST_INBOX_TAKEN when another factory line has taken the folder meanwhile. */
  async check(): Promise<void> {
    const owner = await inboxOwner(this.#folder);
    if (owner !== undefined && isOther(owner, this.#mark) && owner.ageMs < OWNER_GONE_MS)
      throw taken(this.#folder, owner);
  }

  /** Says so in the mark until the function that it returns is called. */
  reading(name: string): () => void {
    this.#reading.add(name);
    return () => void this.#reading.delete(name);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    const owner = await inboxOwner(this.#folder);
    if (owner !== undefined && !isOther(owner, this.#mark))
      await rm(join(this.#folder, OWNER_MARK), { force: true });
  }

  async #renew(): Promise<void> {
    await this.check();
    const mark = { ...this.#mark, ...(this.#reading.size > 0 && { reading: [...this.#reading] }) };
    await writeWhole(join(this.#folder, OWNER_MARK), 0o644, `${JSON.stringify(mark)}\n`);
  }
}

/** Of two factory lines that start at once, one gets the name. */
async function createMark(folder: string, mark: InboxOwner): Promise<void> {
  const path = join(folder, OWNER_MARK);
  const temporary = temporaryPath(path);
  try {
    await writeFile(temporary, `${JSON.stringify(mark)}\n`, { mode: 0o644 });
    await link(temporary, path);
  } catch (error) {
    const owner = errnoOf(error) === 'EEXIST' ? await inboxOwner(folder) : undefined;
    if (owner !== undefined) throw taken(folder, owner);
    // Disks without links, as some network drives are, or a folder that cannot be written now: it is tried at each renewal.
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function isOther(one: InboxOwner, other: Pick<InboxOwner, 'host' | 'line'>): boolean {
  return one.host !== other.host || one.line !== other.line;
}

/** The time by the clock of the disk: a file server may be minutes away from this host. */
async function clockOf(folder: string): Promise<number> {
  const probe = temporaryPath(join(folder, OWNER_MARK));
  try {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs;
  } catch {
    return Date.now();
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

function taken(folder: string, { host, line, since }: InboxOwner): ManifestError {
  const cause = new Error(`the factory line ${line} on host ${host} reads it since ${since}`);
  return new ManifestError('MANIFEST_INBOX_TAKEN', 'use the drop folder', folder, cause);
}
