import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readAnsweredFile, writeAnswer } from '../answer/answers.ts';
import { copyManifest, manifestStore } from './copy-manifest.ts';
import type { ManifestCopy } from './copy-manifest.ts';
import { listInbox, looksComplete } from './inbox-listing.ts';
import type { InboxFile, InboxListing } from './inbox-listing.ts';
import { ManifestError } from '../manifest-error.ts';
import { Settling } from './settling.ts';
import { rejectedFile } from '../check/verdict.ts';
import type { Verdict } from '../check/verdict.ts';
import { removeAbandoned } from '../../disk/write-whole.ts';

/** What the inbox did with a file, or could not do; `retryMs` until it tries again. */
export type InboxEvent =
  | { readonly kind: 'answered'; readonly name: string; readonly verdict: Verdict; readonly answer: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: unknown; readonly retryMs: number };

export interface InboxOptions {
  /** The drop folder; made when it is missing. */
  readonly folder: string;
  /** Private copies go to `<stateFolder>/manifests`. */
  readonly stateFolder: string;
  /** Judges a manifest and acts on it. Called for one file at a time, and again for the same content after a crash. */
  readonly accept: (copy: ManifestCopy) => Promise<Verdict>;
  readonly report: (event: InboxEvent) => void;
  /** A file is read when it has not changed for so long. Default 2,000: copies over a network pause for a second. */
  readonly settleMs?: number;
  /** The same for a file that does not end with a line break, so looks like half a copy. Default 15,000. */
  readonly incompleteMs?: number;
  /** The folder is looked at so often even when the system reports no change, as on network drives. Default 2,000. */
  readonly pollMs?: number;
}

/** Nobody is still writing a file that was last changed a minute ago, even where the clock of a file server is off. */
const OLD_MS = 60_000;

/** A problem is tried again at least this often. */
const LONGEST_RETRY_MS = 60_000;

/** Pause between a change in the folder and the look at it. */
const CALM_MS = 20;

export interface Inbox {
  /** Stops watching, after the file that is being dealt with. */
  close(): Promise<void>;
}

/**
 * Watches the drop folder and answers every manifest in it, one after the other, beside the file. A file with its answer
 * beside it is not read again until it changes. Throws MANIFEST_INBOX_FAILED when the folder cannot be made.
 */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  try {
    await mkdir(options.folder, { recursive: true });
  } catch (error) {
    throw new ManifestError('MANIFEST_INBOX_FAILED', 'make the drop folder', options.folder, error);
  }
  await removeAbandoned(options.folder);
  await removeAbandoned(manifestStore(options.stateFolder));
  return new FolderInbox(options);
}

class FolderInbox implements Inbox {
  readonly #options: Required<InboxOptions>;
  readonly #settling = new Settling();
  readonly #running: Promise<void>;
  #unfinished: ReadonlySet<string> = new Set();
  #watcher: FSWatcher | undefined;
  #wake: () => void = () => {};
  #isWoken = false;
  #isClosed = false;
  #failures = 0;

  constructor(options: InboxOptions) {
    this.#options = { settleMs: 2_000, incompleteMs: 15_000, pollMs: 2_000, ...options };
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#nudge();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWoken = false;
      this.#watch();
      await this.#pause(await this.#look());
    }
    this.#watcher?.close();
  }

  /** One look at the folder and all that follows from it; returns the milliseconds until the next one is needed. */
  async #look(): Promise<number> {
    try {
      await this.#note(await listInbox(this.#options.folder));
      this.#failures = 0;
    } catch (error) {
      return this.#folderProblem(error);
    }
    for (const name of this.#settling.due(performance.now())) {
      if (!this.#isClosed) await this.#answerOrRetry(name);
    }
    return Math.min(this.#settling.waitMs(performance.now()), this.#options.pollMs);
  }

  async #note({ manifests, unfinished }: InboxListing): Promise<void> {
    this.#settling.keepOnly(new Set(manifests.map((file) => file.name)));
    for (const file of manifests) {
      if (!this.#settling.isNews(file.name, file.version)) continue;
      const isAnswered = !this.#settling.isKnown(file.name) && (await this.#isAnswered(file));
      this.#settling.note(file.name, file.version, performance.now() + (await this.#settleTime(file)));
      if (isAnswered) this.#settling.rest(file.name);
    }
    this.#unfinished = unfinished;
  }

  async #isAnswered({ name, bytes, modified }: InboxFile): Promise<boolean> {
    const answered = await readAnsweredFile(this.#options.folder, name);
    // A file that could not be read may be readable by now.
    return answered?.bytes === bytes && answered.modified === modified && answered.sha256 !== '';
  }

  /** No time at all for a file that was whole before it came here: renamed into place, or old. */
  async #settleTime({ name, identity, modifiedMs }: InboxFile): Promise<number> {
    const { folder, settleMs, incompleteMs } = this.#options;
    if (!(await looksComplete(join(folder, name)))) return incompleteMs;
    return this.#unfinished.has(identity) || Date.now() - modifiedMs > OLD_MS ? 0 : settleMs;
  }

  async #answerOrRetry(name: string): Promise<void> {
    try {
      await this.#answer(name);
    } catch (error) {
      const { pollMs, report } = this.#options;
      const retryMs = this.#settling.postpone(name, performance.now(), pollMs, LONGEST_RETRY_MS);
      report({ kind: 'problem', name, error, retryMs });
    }
  }

  async #answer(name: string): Promise<void> {
    const { folder, stateFolder, settleMs, accept, report } = this.#options;
    const result = await copyManifest(join(folder, name), stateFolder);
    if ('refused' in result && result.refused.code === 'MANIFEST_MISSING') return;
    if ('refused' in result && result.refused.code === 'MANIFEST_CHANGED') {
      this.#settling.postpone(name, performance.now(), settleMs, settleMs);
      return;
    }
    const verdict = 'copy' in result ? await accept(result.copy) : rejectedFile(result.refused);
    const file = 'copy' in result ? result.copy : { name, bytes: 0, modified: '', sha256: '' };
    const answer = await writeAnswer(folder, file, verdict);
    this.#settling.rest(name);
    report({ kind: 'answered', name, verdict, answer });
  }

  #folderProblem(error: unknown): number {
    const { folder, pollMs, report } = this.#options;
    const retryMs = Math.min(pollMs * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#watcher?.close();
    this.#watcher = undefined;
    const cause = new ManifestError('MANIFEST_INBOX_FAILED', 'read the drop folder', folder, error);
    report({ kind: 'problem', name: '', error: cause, retryMs });
    return retryMs;
  }

  /** Where the system cannot watch the folder (network drives, no watches left), looking at it regularly does. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#options.folder, () => this.#nudge());
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
