import { SHORTEST_ATTEMPT_MS } from '../client/answer-times.ts';
import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { pause } from '../client/pause.ts';
import { closeFile } from './close-file.ts';
import type { DeviceError } from '../device-error.ts';
import { parentOf } from './file-path.ts';
import { fileSize } from './file-size.ts';
import { FS_ERROR, FS_GROUP } from '../requests/fs-requests.ts';
import type { UploadPart } from '../requests/fs-requests.ts';
import { makeDirectory } from './make-directory.ts';
import { removeFile } from './remove-file.ts';
import { isSmpError, isUnanswered, SmpError } from '../smp-error.ts';
import type { FileKnowledge } from '../smp-error.ts';
import { unsigned } from '../wire/smp-request.ts';
import { uploadMessageBytes, uploadPartCapacity, uploadRequest } from './upload-part.ts';

/** For {@link FileUpload}. */
export interface UploadOptions extends Omit<RequestOptions, 'attempts'> {
  /** Called after every part the board has taken, in bytes; may go back when a transfer starts again. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The board's file system lock is held for at most 100 ms by others, its buffers for less. */
const BUSY_PAUSE_MS = 120;
const BUSY_REPEATS = 10;

/** Between an answer and a part that is repeated again: 60 ms, then 240, and 960 at most. One lost frame costs none. */
const FIRST_BREAK_MS = 60;
const BREAK_GROWTH = 4;
const MOST_GROWTH = 2;

/**
 * One upload of one file, part after part. The rules that keep it right, whatever is lost (smp/README.md,
 * "Retries"): no upload of ours may be open when a first part goes out, neither at the start nor when it is
 * repeated; the board's next offset must be exactly ours, which also shows what somebody else left open; anything
 * else means to close and start again.
 */
export class FileUpload {
  /** What the board has of the file, as far as the answers show it. */
  knowledge: FileKnowledge = 'unchanged';
  readonly #client: SmpClient;
  readonly #path: string;
  readonly #bytes: Uint8Array;
  readonly #options: UploadOptions;
  #directoryMade = false;
  /** Where the part ended that was perhaps too large: the board may still have it. */
  #triedEnd: number | undefined;
  /** After a resumption the board does not know the total any more and will not close by itself. */
  #totalForgotten = false;

  constructor(client: SmpClient, path: string, bytes: Uint8Array, options: UploadOptions) {
    this.#client = client;
    this.#path = path;
    this.#bytes = bytes;
    this.#options = options;
  }

  /** Sends the whole file once. `SMP_OFFSET_MISMATCH`: the board is elsewhere, and a fresh start may help. */
  async send(): Promise<void> {
    this.#totalForgotten = false;
    this.#triedEnd = undefined;
    if (this.#bytes.length === 0) await this.#removeOldContent();
    await this.#closeOwnUpload();
    const strayBefore = this.#client.statistics.stray;
    let offset = 0;
    do {
      offset = await this.#sendPart(offset);
      this.#options.onProgress?.(offset, this.#bytes.length);
    } while (offset < this.#bytes.length);
    this.knowledge = 'unverified';
    if (this.#mayStillBeOpen(strayBefore)) await this.close();
    this.#client.files.upload = 'closed';
  }

  /**
   * The board closes an upload that has reached its total, but never an empty or a resumed one. A stray answer may
   * be the refusal of a part that the line repeated: then the board has closed, reopened and forgotten the total.
   */
  #mayStillBeOpen(strayBefore: number): boolean {
    return this.#totalForgotten || this.#bytes.length === 0 || this.#client.statistics.stray > strayBefore;
  }

  /** Makes the board close and commit what it has. */
  async close(deadlineMs: number | undefined = this.#options.deadlineMs): Promise<void> {
    const ended = this.#options.signal?.aborted === true;
    await closeFile(this.#client, this.#path, {
      signal: ended ? undefined : this.#options.signal,
      secret: this.#options.secret,
      deadlineMs,
    });
  }

  #part(offset: number): UploadPart {
    const { limit, name } = this.#client;
    const total = this.#bytes.length;
    const capacity = uploadPartCapacity(limit.partBytes, this.#path, offset, total);
    if (capacity < 1) {
      const sentence = `${name}: messages of ${limit.partBytes} bytes leave no room for file content beside the path ${this.#path}`;
      throw new SmpError('SMP_TOO_LARGE', sentence);
    }
    return { path: this.#path, offset, total, bytes: this.#bytes.subarray(offset, offset + capacity) };
  }

  /** Sends what follows the offset until the board has some of it; the next offset. */
  async #sendPart(offset: number): Promise<number> {
    let part = this.#part(offset);
    const giveUpAt = performance.now() + this.#client.giveUpMs(uploadRequest(part));
    for (let unanswered = 0; ; unanswered++) {
      if (unanswered > 0) part = await this.#beforeRepeat(part, unanswered);
      try {
        const next = await this.#sendPartOnce(part, unanswered > 0);
        if (next === endOf(part)) this.#client.limit.passed(uploadMessageBytes(part));
        return next;
      } catch (error) {
        const late = performance.now() + SHORTEST_ATTEMPT_MS >= this.#endsAt(giveUpAt);
        if (late || !isUnanswered(error)) throw error;
      }
    }
  }

  async #beforeRepeat(part: UploadPart, unanswered: number): Promise<UploadPart> {
    const { limit } = this.#client;
    if (uploadMessageBytes(part) > limit.currentBytes) return await this.#afterTrial(part);
    // Twice nothing: perhaps the board cannot take as much in one burst. Only a fresh start can use smaller parts.
    if (unanswered > 1 && (await this.#smallRequestsPass()) && limit.lower()) {
      throw this.#mismatch('the board does not take messages of this size');
    }
    if (part.offset === 0) await this.#closeOwnUpload();
    // A board that loses what comes right behind an answer would lose the part behind each of those closes.
    if (unanswered > 1) {
      await pause(FIRST_BREAK_MS * BREAK_GROWTH ** Math.min(unanswered - 2, MOST_GROWTH), this.#options);
    }
    return part;
  }

  /** A part larger than any before got no answer. That small requests do shows that its size may be to blame. */
  async #afterTrial(part: UploadPart): Promise<UploadPart> {
    await this.close();
    this.#client.limit.refused();
    this.#triedEnd = endOf(part);
    return this.#part(part.offset);
  }

  async #smallRequestsPass(): Promise<boolean> {
    if (this.#client.limit.currentBytes <= this.#client.limit.safeBytes) return false;
    await this.close();
    return true;
  }

  async #sendPartOnce(part: UploadPart, repeated: boolean): Promise<number> {
    const { files } = this.#client;
    for (let busy = 0; ; busy++) {
      files.upload = 'open';
      if (this.knowledge === 'unchanged') this.knowledge = 'unknown';
      const reply = await this.#client.ask(uploadRequest(part), part, this.#requestOptions());
      if (reply.ok) return this.#expectNext(part, reply.value);
      if (isBusy(reply.device) && busy < BUSY_REPEATS) await pause(BUSY_PAUSE_MS, this.#options);
      else if (isWrongOffset(reply.device)) return this.#resume(part, unsigned(reply.body, 'len'), repeated);
      else if (repeated && isUnexplained(reply.device))
        return this.#resume(part, await this.#size(), repeated);
      else if (this.#mayLackDirectory(part, reply.device)) await this.#makeDirectory(reply.device);
      else throw this.#refused(reply.device);
    }
  }

  #expectNext(part: UploadPart, next: number): number {
    const expected = endOf(part);
    if (next !== expected) throw this.#mismatch(`the board is at ${next} instead of ${expected}`);
    this.knowledge = 'incomplete';
    return next;
  }

  /** The board expects another offset and has closed the file: right if it has this part from an earlier sending. */
  #resume(part: UploadPart, expected: number | undefined, repeated: boolean): number {
    const isAhead = expected !== undefined && (expected === endOf(part) || expected === this.#triedEnd);
    if (!repeated || !isAhead) {
      throw this.#mismatch(`the board expects offset ${expected ?? 'unknown'} instead of ${part.offset}`);
    }
    this.#totalForgotten = true;
    this.knowledge = 'incomplete';
    return expected;
  }

  #mayLackDirectory(part: UploadPart, device: DeviceError): boolean {
    return (
      part.offset === 0 &&
      !this.#directoryMade &&
      isParentMissing(device) &&
      parentOf(this.#path) !== undefined
    );
  }

  async #makeDirectory(refusal: DeviceError): Promise<void> {
    this.#directoryMade = true;
    this.knowledge = 'unchanged';
    try {
      await makeDirectory(this.#client, parentOf(this.#path) as string, this.#requestOptions());
    } catch (error) {
      if (!isSmpError(error, 'SMP_UNSUPPORTED', 'SMP_INVALID_ARGUMENT')) throw error;
      const sentence = `${this.#client.name}: the directory of ${this.#path} is missing on the board, and cannot be made: ${error.message}`;
      throw new SmpError(error.code, sentence, { cause: error, device: refusal });
    }
  }

  /** An upload without content does not replace an old file: that has to go first. */
  async #removeOldContent(): Promise<void> {
    const size = await this.#size();
    if (size !== undefined && size > 0) await removeFile(this.#client, this.#path, this.#requestOptions());
  }

  async #size(): Promise<number | undefined> {
    return await fileSize(this.#client, this.#path, this.#requestOptions());
  }

  async #closeOwnUpload(): Promise<void> {
    if (this.#client.files.upload === 'open') await this.close();
  }

  #refused(device: DeviceError): SmpError {
    const error = this.#client.refusal(`writing ${this.#path}`, device);
    if (this.knowledge === 'unknown') error.file = 'unknown';
    return error;
  }

  #mismatch(what: string): SmpError {
    const sentence = `${this.#client.name}: writing ${this.#path} went wrong: ${what}; was the board reset, or does another program use it?`;
    return new SmpError('SMP_OFFSET_MISMATCH', sentence, { file: 'incomplete' });
  }

  #requestOptions(): RequestOptions {
    const { signal, secret, deadlineMs } = this.#options;
    return { signal, secret, deadlineMs };
  }

  #endsAt(giveUpAt: number): number {
    return Math.min(giveUpAt, this.#options.deadlineMs ?? Infinity);
  }
}

function endOf({ offset, bytes }: UploadPart): number {
  return offset + bytes.length;
}

function isWrongOffset(device: DeviceError): boolean {
  return device.group === FS_GROUP && device.rc === FS_ERROR.offsetNotValid;
}

/** Protocol version 1 says this of a wrong offset too, without the right one; the size shows it, the file is closed. */
function isUnexplained(device: DeviceError): boolean {
  return device.group === undefined && device.rc === 1;
}

/** ENOENT of the open: the parent or the mount point; protocol version 1 says 5. */
function isParentMissing(device: DeviceError): boolean {
  return device.group === undefined
    ? device.rc === 5
    : device.group === FS_GROUP && device.rc === FS_ERROR.parentNotFound;
}

/** No buffer (2), request damaged on its way (9), file system in use by another transport (10). */
function isBusy(device: DeviceError): boolean {
  return device.group === undefined && [2, 9, 10].includes(device.rc);
}
