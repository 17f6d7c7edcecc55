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

/** What the inbox did with a file, or failed to do; it tries again after `retryMs`. */
export type InboxEvent =
  | { readonly kind: 'answered'; readonly name: string; readonly verdict: Verdict; readonly answer: string }
  | { readonly kind: 'problem'; readonly name: string; readonly error: unknown; readonly retryMs: number };

export interface InboxOptions {
  /** The drop folder; created when it is missing. */
  readonly folder: string;
  /** Private copies go to `<stateFolder>/manifests`. */
  readonly stateFolder: string;
  /** Validates and imports a manifest. Called for one file at a time, and again for the same content after a crash. */
  readonly accept: (copy: ManifestCopy) => Promise<Verdict>;
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

/** Pause between a change in the folder and the next listing. */
const CALM_MS = 20;

export interface Inbox {
  /** Stops watching, after the current file is answered. */
  close(): Promise<void>;
}

/**
 * Watches the drop folder and answers every manifest in it, one after the other, beside the file. A file with its
 * answer beside it is not read again until it changes. Throws MANIFEST_INBOX_FAILED when the folder cannot be created.
 */
export async function openInbox(options: InboxOptions): Promise<Inbox> {
  try {
    await mkdir(options.folder, { recursive: true });
  } catch (error) {
    throw new ManifestError('MANIFEST_INBOX_FAILED', 'create the drop folder', options.folder, error);
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

  /** Lists the folder and answers what is due; returns the milliseconds until the next listing is needed. */
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
    // A file that could not be read may be readable now.
    return answered?.bytes === bytes && answered.modified === modified && answered.sha256 !== '';
  }

  /** 0 for a file that was complete before it came here: renamed into place, or old. */
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

  /** Where the system cannot watch the folder (network drives, no watches left), the regular listing is enough. */
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
