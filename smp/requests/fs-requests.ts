// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_groups/smp_group_8.html
import type { SmpRequest } from '../wire/smp-request.ts';
import { byteString, text, unsigned } from '../wire/smp-request.ts';

/** Group number of file management. */
export const FS_GROUP = 8;

/** Errors of the group this library acts on. */
export const FS_ERROR = {
  isDirectory: 4,
  notFound: 3,
  offsetNotValid: 11,
  hashNotFound: 13,
  parentNotFound: 14,
  empty: 16,
} as const;

/** One part of a file on its way to the board; `total` goes with offset 0 only. */
export interface UploadPart {
  readonly path: string;
  readonly offset: number;
  readonly total: number;
  readonly bytes: Uint8Array;
}

/** One part of a file from the board; `total` comes with offset 0 only. `bytes` is a copy the caller owns. */
export interface DownloadPart {
  readonly offset: number;
  readonly total: number | undefined;
  readonly bytes: Uint8Array;
}

/** A hash of a file's content, as bytes for sha256 and as a number for crc32. */
export interface FileHash {
  readonly type: string;
  readonly length: number;
  readonly output: Uint8Array | number;
}

const upload = {
  group: FS_GROUP,
  id: 0,
  op: 'write',
  // What a repeat does depends on what the board has.
  repeat: 'by caller',
  encode: (part: UploadPart) => ({
    off: part.offset,
    name: part.path,
    ...(part.offset === 0 ? { len: part.total } : {}),
    data: part.bytes,
  }),
  parse: (body) => unsigned(body, 'off'),
} as const satisfies Partial<SmpRequest<UploadPart, number>>;

/** First part: the board opens, perhaps truncates. The reply is the offset of the next part. */
export const FS_UPLOAD_FIRST: SmpRequest<UploadPart, number> = {
  ...upload,
  name: 'first part of a file',
  pace: 'open',
};
/** A part in the middle. */
export const FS_UPLOAD_NEXT: SmpRequest<UploadPart, number> = {
  ...upload,
  name: 'part of a file',
  pace: 'write',
};
/** Last part: the board closes and commits. */
export const FS_UPLOAD_LAST: SmpRequest<UploadPart, number> = {
  ...upload,
  name: 'last part of a file',
  pace: 'close',
};

/** Part of a file from an offset on, as much as fits the board's buffer; no bytes at or past the end. */
export const FS_DOWNLOAD: SmpRequest<{ path: string; offset: number }, DownloadPart> = {
  name: 'file download',
  group: FS_GROUP,
  id: 0,
  op: 'read',
  pace: 'open',
  repeat: 'freely',
  longReply: true,
  encode: (parameters) => ({ off: parameters.offset, name: parameters.path }),
  parse: (body) => {
    const offset = unsigned(body, 'off');
    const bytes = byteString(body, 'data');
    if (offset === undefined || bytes === undefined) return undefined;
    return { offset, total: unsigned(body, 'len'), bytes: new Uint8Array(bytes) };
  },
};

/** Size of a file as last committed, in bytes. */
export const FS_STATUS: SmpRequest<{ path: string }, number> = {
  name: 'file status',
  group: FS_GROUP,
  id: 1,
  op: 'read',
  pace: 'open',
  repeat: 'freely',
  encode: (parameters) => ({ name: parameters.path }),
  parse: (body) => unsigned(body, 'len'),
};

/** Hash or checksum of a whole file; an option of the firmware. */
export const FS_HASH: SmpRequest<{ path: string; type: string }, FileHash> = {
  name: 'file hash',
  group: FS_GROUP,
  id: 2,
  op: 'read',
  pace: 'hash',
  repeat: 'freely',
  encode: (parameters) => ({ name: parameters.path, type: parameters.type }),
  parse: (body) => {
    const type = text(body, 'type');
    const length = unsigned(body, 'len');
    const output = unsigned(body, 'output') ?? byteString(body, 'output');
    if (type === undefined || length === undefined || output === undefined) return undefined;
    return { type, length, output: typeof output === 'number' ? output : new Uint8Array(output) };
  },
};

/** Closes whatever file the board has open for this transport; firmware before 3.4 does not know it. */
export const FS_CLOSE: SmpRequest<void, true> = {
  name: 'file close',
  group: FS_GROUP,
  id: 4,
  op: 'write',
  pace: 'close',
  repeat: 'freely',
  encode: () => ({}),
  parse: () => true,
};
