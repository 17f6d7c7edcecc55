// Management group 8, upload, download and close: one global transfer at a time, with every trap of Zephyr's fs_mgmt.c.

import { decodeKnownKeys } from './cbor-reader.ts';
import type { CborMap } from './cbor-writer.ts';
import { ERRNO, FlashError } from '../flash/flash-error.ts';
import type { OpenFile } from '../flash/flash-image.ts';
import { FS, pathOf, READ_ERRORS, withFlash } from './fs-answers.ts';
import type { FsBoard } from './fs-answers.ts';
import { RC } from './smp-answer.ts';
import type { SmpAnswer } from './smp-answer.ts';

/** Room that a download answer needs beside its data: header, keys and three 64-bit heads. */
const DOWNLOAD_OVERHEAD = 44;
const UNSET = 0xffff_ffff_ffff_ffffn;

interface Transfer {
  readonly kind: 'upload' | 'download';
  readonly path: string;
  readonly file: OpenFile;
  offset: number;
  length: number;
}

const UPLOAD_KEYS = { off: 'uint', name: 'text', data: 'bytes', len: 'uint' } as const;
const OPEN_TO_WRITE_ERRORS = { [ERRNO.EINVAL]: FS.INVALID_NAME, [ERRNO.ENOENT]: FS.MOUNT_POINT_NOT_FOUND };

/** Stands for "the file is open, continue"; never sent. */
const OPENED: SmpAnswer = { body: [] };

function present(value: bigint | undefined): bigint | undefined {
  return value === UNSET ? undefined : value;
}

/**
 * The state machine behind group 8: at most one open file, closed by the end, a mismatch, another path, or idleness.
 */
export class FsTransfer {
  readonly #board: FsBoard;
  #transfer: Transfer | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(board: FsBoard) {
    this.#board = board;
  }

  /** Forgets the open file without closing it: a reset or a power cut. */
  reset(): void {
    clearTimeout(this.#idle);
    this.#transfer = undefined;
  }

  /** Command 0, write: one chunk of a file. */
  upload(cbor: Uint8Array): SmpAnswer {
    const keys = decodeKnownKeys(cbor, UPLOAD_KEYS);
    const path = pathOf(keys.name);
    const off = present(keys.off);
    const len = present(keys.len);
    if (path === undefined || off === undefined || (off === 0n && len === undefined))
      return { rc: RC.EINVAL };
    if (!this.#continues('upload', path)) {
      const refusal = this.#board.refusesAccess(path, true);
      if (refusal !== undefined) return { rc: refusal };
      this.#closeQuietly();
    }
    const opened = withFlash(() => this.#openUpload(path), OPEN_TO_WRITE_ERRORS);
    if (opened !== OPENED || !this.#transfer) return opened;
    return this.#uploadChunk(this.#transfer, off, len, keys.data ?? new Uint8Array());
  }

  #openUpload(path: string): SmpAnswer {
    if (!this.#transfer) {
      const file = this.#board.flash.openToWrite(path);
      this.#transfer = { kind: 'upload', path, file, offset: 0, length: 0 };
    }
    return OPENED;
  }

  #uploadChunk(transfer: Transfer, off: bigint, len: bigint | undefined, bytes: Uint8Array): SmpAnswer {
    const committed = this.#board.flash.stat(transfer.path);
    const committedSize = committed.kind === 'file' ? committed.size : 0;
    if (off === 0n) transfer.length = Number(BigInt.asUintN(32, len ?? 0n));
    else if (transfer.offset === 0) transfer.offset = committedSize;
    if (off > 0n && off !== BigInt(transfer.offset)) {
      const expected = transfer.offset;
      this.#closeQuietly();
      return { groupError: FS.OFFSET_NOT_VALID, more: [['len', expected]] };
    }
    if (!this.#board.onUploadData(bytes.length)) return 'silence';
    const failed = bytes.length > 0 && this.#writeChunk(transfer, off === 0n, committedSize, bytes);
    return failed || this.#finishUpload(transfer);
  }

  #writeChunk(
    transfer: Transfer,
    first: boolean,
    committedSize: number,
    bytes: Uint8Array,
  ): SmpAnswer | false {
    const { file } = transfer;
    // The trap: what decides is the size on the flash, not the context's offset, which a repeated chunk 0 leaves as it
    // was.
    if (first && committedSize !== 0) this.#board.flash.truncate(file);
    else file.position = first && file.position === 0 ? 0 : file.content.length;
    try {
      this.#board.flash.write(file, bytes);
    } catch (error) {
      if (!(error instanceof FlashError)) throw error;
      this.#closeQuietly();
      return { groupError: FS.WRITE_FAILED };
    }
    transfer.offset += bytes.length;
    return false;
  }

  #finishUpload(transfer: Transfer): SmpAnswer {
    const { offset } = transfer;
    const closed = this.#finishCheck(transfer);
    return closed || !this.#board.profile.fileCloseErrors
      ? { body: [['off', offset]] }
      : { groupError: FS.CLOSE_FAILED };
  }

  /** Command 0, read: one chunk of a file. */
  download(cbor: Uint8Array): SmpAnswer {
    const keys = decodeKnownKeys(cbor, { off: 'uint', name: 'text' });
    const path = pathOf(keys.name);
    const off = present(keys.off);
    if (path === undefined || off === undefined) return { rc: RC.EINVAL };
    if (!this.#continues('download', path)) {
      const refusal = this.#board.refusesAccess(path, false);
      if (refusal !== undefined) return { rc: refusal };
      this.#closeQuietly();
    }
    return withFlash(() => this.#downloadChunk(this.#openDownload(path), off), READ_ERRORS);
  }

  #openDownload(path: string): Transfer | undefined {
    if (this.#transfer) return this.#transfer;
    const entry = this.#board.flash.stat(path);
    if (entry.kind === 'directory') return undefined;
    const file = this.#board.flash.openToRead(path);
    this.#transfer = { kind: 'download', path, file, offset: 0, length: entry.size };
    return this.#transfer;
  }

  #downloadChunk(transfer: Transfer | undefined, off: bigint): SmpAnswer {
    if (!transfer) return { groupError: FS.IS_DIRECTORY };
    if (off !== BigInt(transfer.offset)) {
      // fs_seek takes a 32-bit off_t.
      const position = Number(BigInt.asIntN(32, off));
      if (position < 0) {
        this.#closeQuietly();
        return { groupError: FS.SEEK_FAILED };
      }
      transfer.file.position = position;
      transfer.offset = Number(BigInt.asUintN(32, off));
    }
    const { length } = transfer;
    const bytes = this.#board.flash.read(transfer.file, this.#board.profile.netBufSize - DOWNLOAD_OVERHEAD);
    transfer.offset += bytes.length;
    this.#finishCheck(transfer);
    const total: CborMap = off === 0n ? [['len', length]] : [];
    return { body: [['off', off], ['data', bytes], ...total] };
  }

  /** Command 4: close whatever is open. */
  closeCommand(): SmpAnswer {
    // 4.4.0 says EMSGSIZE where the close fails, not the group's CLOSE_FAILED.
    return this.#close() || !this.#board.profile.fileCloseErrors ? { body: [] } : { rc: RC.EMSGSIZE };
  }

  #continues(kind: Transfer['kind'], path: string): boolean {
    return this.#transfer?.kind === kind && this.#transfer.path === path;
  }

  /** Closes at the end of a transfer, else winds the idle clock. False when the close failed. */
  #finishCheck(transfer: Transfer): boolean {
    clearTimeout(this.#idle);
    if (transfer.length > 0 && transfer.offset >= transfer.length) return this.#close();
    this.#idle = setTimeout(() => this.#closeQuietly(), this.#board.profile.fileIdleCloseMs).unref();
    return true;
  }

  #closeQuietly(): void {
    this.#close();
  }

  #close(): boolean {
    clearTimeout(this.#idle);
    const file = this.#transfer?.file;
    this.#transfer = undefined;
    if (!file) return true;
    try {
      this.#board.flash.close(file);
      return true;
    } catch (error) {
      if (error instanceof FlashError) return false;
      throw error;
    }
  }
}
