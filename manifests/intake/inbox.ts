import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeFolder } from '../../disk/make-folder.ts';
import { isAbout, isAnswerName, readAnsweredFiles } from '../answer/answers.ts';
import type { AnsweredFile } from '../answer/answers.ts';
import { writeAnswer } from '../answer/write-answer.ts';
import { issue } from '../check/issue.ts';
import type { Issue } from '../check/issue.ts';
import { ARCHIVE_AFTER_MS, archiveDone } from './archive.ts';
import type { EndOf } from './archive.ts';
import { copyManifest, isLarge, manifestStore } from './copy-manifest.ts';
import type { ManifestCopy } from './copy-manifest.ts';
import { isMisnamed, listInbox, looksComplete } from './inbox-listing.ts';
import type { InboxFile, InboxListing } from './inbox-listing.ts';
import { InboxHold, OWNER_MARK } from './inbox-owner.ts';
import { ManifestError } from '../manifest-error.ts';
import { Settling } from './settling.ts';
import { rejectedFile } from '../check/verdict.ts';
import type { Verdict } from '../check/verdict.ts';
import { removeAbandoned } from '../../disk/write-whole.ts';

/** What the inbox did with a file, or failed to do; it tries again after `retryMs`. */
export type InboxEvent =
  | { readonly kind: 'answered'; readonly name: string; readonly verdict: Verdict; readonly answer: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: unknown; readonly retryMs: number };

export interface InboxOptions {
  /** The drop folder; created when it is missing. */
  readonly folder: string;
  /** Private copies go to `<stateFolder>/manifests`. */
  readonly stateFolder: string;
  /** When batches ended; without it, nothing is moved into the archive. */
  readonly endOf?: EndOf;
  /** How long a lot that is done stays; milliseconds, default a day. */
  readonly archiveAfterMs?: number;
  /**
   * Validates and imports a manifest. Called again for the same content after a crash; for a small file while large ones are
   * under way, else for one file at a time.
   */
  readonly accept: (copy: ManifestCopy) => Promise<Verdict>;
  /** Whether a manifest with this content became a batch, maybe long ago. */
  readonly hasBatch: (sha256: string) => Promise<boolean>;
  readonly report: (event: InboxEvent) => void;
  /** A file is read after it has not changed for this time. Default 2,000: copies over a network pause for a second. */
  readonly settleMs?: number;
  /** The same for a file without a line break at its end, which may be half a copy. Default 15,000. */
  readonly incompleteMs?: number;
  /** Time between two listings when the system reports no change, as on network drives. Default 2,000. */
  readonly pollMs?: number;
}

/** A file that was last changed a minute ago is complete, even if the clock of a file server is wrong by seconds. */
const OLD_MS = 60_000;

/** The longest wait before the next attempt after a problem. */
const LONGEST_RETRY_MS = 60_000;

/** Time between two looks at what may go into the archive. */
const ARCHIVE_LOOK_MS = 600_000;

/** Pause between a change in the folder and the next listing. */
const CALM_MS = 20;

export interface Inbox {
  /** Stops watching, after the current file is answered. */
  close(): Promise<void>;
}

/**
 * Watches the drop folder and answers every manifest in it, one after the other, beside the file; large ones beside that. A file with its
 * answer beside it is not read again until it changes or is dropped again; one that was refused, also when its digest changes. Throws
 * MANIFEST_INBOX_FAILED when the folder cannot be created, MANIFEST_INBOX_TAKEN when another factory line reads it.
 */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  try {
    makeFolder(options.folder);
  } catch (error) {
    throw new ManifestError('MANIFEST_INBOX_FAILED', 'create the drop folder', options.folder, error);
  }
  const hold = await InboxHold.take(options.folder, options.stateFolder);
  await removeAbandoned(options.folder);
  await removeAbandoned(manifestStore(options.stateFolder));
  return new FolderInbox(options, hold);
}

class FolderInbox implements Inbox {
  readonly #options: Required<Omit<InboxOptions, 'endOf'>> & Pick<InboxOptions, 'endOf'>;
  readonly #hold: InboxHold;
  readonly #settling = new Settling();
  readonly #running: Promise<void>;
  #unfinished: ReadonlySet<string> = new Set();
  /** Large manifests that are checked now, by name. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Why a name is impossible that only stands for that of a file: see `readableName`. */
  readonly #impossible = new Map<string, Issue>();
  #watcher: FSWatcher | undefined;
  #wake: () => void = () => {};
  #isWoken = false;
  #isClosed = false;
  #failures = 0;

  /** What is there at the first look may have been answered by a process before this one. */
  #isFirstLook = true;

  /** When the archive is looked at next, by the clock of `performance`. */
  #archiveDueMs = 0;

  constructor(options: InboxOptions, hold: InboxHold) {
    const usual = { settleMs: 2_000, incompleteMs: 15_000, pollMs: 2_000, archiveAfterMs: ARCHIVE_AFTER_MS };
    this.#options = { ...usual, ...options };
    this.#hold = hold;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#nudge();
    await this.#running;
    await this.#hold.release();
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWoken = false;
      this.#watch();
      await this.#pause(await this.#look());
    }
    this.#watcher?.close();
    await Promise.all(this.#underWay.values());
  }

  /** Lists the folder and answers what is due; returns the milliseconds until the next listing is needed. */
  async #look(): Promise<number> {
    try {
      await this.#hold.check();
      await this.#note(await listInbox(this.#options.folder));
      this.#failures = 0;
    } catch (error) {
      return this.#folderProblem(error);
    }
    for (const name of this.#settling.due(performance.now())) {
      if (this.#isClosed) break;
      // One that changes while it is checked is looked at again afterwards.
      if (this.#underWay.has(name)) this.#postpone(name, this.#options.pollMs);
      else await this.#orRetry(name, async () => this.#answer(name));
    }
    await this.#archive();
    return Math.min(this.#settling.waitMs(performance.now()), this.#options.pollMs);
  }

  async #note({ files, unfinished }: InboxListing): Promise<void> {
    this.#settling.keepOnly(new Set(files.map((file) => file.name)));
    for (const file of files) {
      const change = this.#settling.changeOf(file.name, file.version);
      if (change === undefined) continue;
      const isAnswered = await this.#isAnswered(file, change);
      this.#settling.note(file.name, file.version, performance.now() + (await this.#settleTime(file)));
      if (file.nameFault !== undefined) this.#impossible.set(file.name, file.nameFault);
      if (isAnswered) this.#settling.rest(file.name);
    }
    this.#unfinished = unfinished;
    this.#isFirstLook = false;
  }

  async #isAnswered(file: InboxFile, change: 'file' | 'beside'): Promise<boolean> {
    const { folder } = this.#options;
    if (file.kind === 'answer') return !(await isMisnamed(folder, file.name));
    // What comes now was dropped now: an answer that seems to be about it is about one that was there before.
    if (change === 'file' && !this.#isFirstLook) return false;
    const found = (await readAnsweredFiles(folder, file.name)).filter((each) => isAbout(each, file));
    // Its digest makes no difference to a file that was accepted.
    if (found.some(({ answer }) => answer.endsWith('.json'))) return true;
    return change === 'file' && found.some(({ writtenNs }) => writtenNs >= file.besideChangedNs);
  }

  /** 0 for a file that was complete before it came here: renamed into place, or old. */
  async #settleTime({ name, kind, identity, modifiedMs }: InboxFile): Promise<number> {
    const { folder, settleMs, incompleteMs } = this.#options;
    if (kind === 'impossible') return settleMs;
    if (!(await looksComplete(join(folder, name)))) return incompleteMs;
    return this.#unfinished.has(identity) || Date.now() - modifiedMs > OLD_MS ? 0 : settleMs;
  }

  async #orRetry(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { pollMs, report } = this.#options;
      const retryMs = this.#settling.postpone(name, performance.now(), pollMs, LONGEST_RETRY_MS);
      report({ kind: 'problem', name, error, retryMs });
    }
  }

  async #answer(name: string): Promise<void> {
    const { folder, stateFolder, settleMs } = this.#options;
    const fault = this.#impossible.get(name) ?? (isAnswerName(name) ? answerNameFault(name) : undefined);
    if (fault !== undefined) {
      await this.#refuse(name, fault);
      return this.#settling.rest(name);
    }
    const result = await copyManifest(join(folder, name), stateFolder);
    if ('refused' in result && result.refused.code === 'MANIFEST_MISSING') return;
    if ('refused' in result && result.isEarly === true) {
      this.#postpone(name, settleMs);
      return;
    }
    // It needs nothing more, unless it changes, or this fails.
    this.#settling.rest(name);
    if ('refused' in result) {
      await this.#refuse(name, result.refused);
      return;
    }
    if (isLarge(result.copy)) this.#judgeBeside(result.copy);
    else await this.#judge(result.copy);
  }

  /** Checks a large manifest while others are read. */
  #judgeBeside(copy: ManifestCopy): void {
    const { name } = copy;
    const judged = this.#orRetry(name, async () => this.#judge(copy)).finally(() => {
      this.#underWay.delete(name);
      this.#nudge();
    });
    this.#underWay.set(name, judged);
  }

  #postpone(name: string, ms: number): void {
    this.#settling.postpone(name, performance.now(), ms, ms);
  }

  async #judge(copy: ManifestCopy): Promise<void> {
    const end = this.#hold.reading(copy.name);
    try {
      const verdict = await this.#options.accept(copy);
      await this.#write(copy, verdict);
      // The copy of an accepted manifest is the record of what was made, also when the same content is refused later.
      if (verdict.status === 'rejected' && !(await this.#options.hasBatch(copy.sha256)))
        await rm(copy.path, { force: true });
    } finally {
      end();
    }
  }

  /** Refuses a file that was not read. */
  async #refuse(name: string, fault: Issue): Promise<void> {
    await this.#write({ name, bytes: 0, modified: '', sha256: '' }, rejectedFile(fault));
  }

  async #write(file: AnsweredFile, verdict: Verdict): Promise<void> {
    const answer = await writeAnswer(this.#options.folder, file, verdict);
    this.#options.report({ kind: 'answered', name: file.name, verdict, answer });
  }

  /** A folder of which nothing can be moved is read on. */
  async #archive(): Promise<void> {
    const { folder, endOf, archiveAfterMs, report } = this.#options;
    if (endOf === undefined || performance.now() < this.#archiveDueMs) return;
    const retryMs = Math.min(ARCHIVE_LOOK_MS, archiveAfterMs);
    this.#archiveDueMs = performance.now() + retryMs;
    try {
      await archiveDone(folder, endOf, Date.now() - archiveAfterMs);
    } catch (cause) {
      const error = new ManifestError('MANIFEST_INBOX_FAILED', 'move lots that ended in', folder, cause);
      report({ kind: 'problem', name: '', error, retryMs });
    }
  }

  #folderProblem(error: unknown): number {
    const { folder, pollMs, report } = this.#options;
    const retryMs = Math.min(pollMs * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#watcher?.close();
    this.#watcher = undefined;
    const cause =
      error instanceof ManifestError
        ? error
        : new ManifestError('MANIFEST_INBOX_FAILED', 'read the drop folder', folder, error);
    report({ kind: 'problem', name: '', error: cause, retryMs });
    return retryMs;
  }

  /** Where the system cannot watch the folder (network drives, no watches left), the regular listing is enough. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#options.folder, (_event, name) => {
        // Each look writes beside the mark: to look again for that would never end.
        if (name?.includes(OWNER_MARK) !== true) this.#nudge();
      });
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      this.#watcher = undefined;
    }
  }

  #nudge(): void {
    this.#isWoken = true;
    this.#wake();
  }

  async #pause(waitMs: number): Promise<void> {
    if (!this.#isWoken) await this.#sleep(waitMs);
    // A file that grows is reported with every write.
    if (this.#isWoken && !this.#isClosed) await setTimeout(CALM_MS);
  }

  async #sleep(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await setTimeout(ms, undefined, { signal: woken.signal }).catch(() => undefined);
  }
}

function answerNameFault(name: string): Issue {
  const expected = 'another name: this one is the name of an answer of Certline';
  return issue('MANIFEST_NAME', { value: name }, expected);
}
