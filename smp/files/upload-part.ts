import { SMP_HEADER_BYTES } from '../wire/smp-header.ts';
import { FS_UPLOAD_FIRST, FS_UPLOAD_LAST, FS_UPLOAD_NEXT } from '../requests/fs-requests.ts';
import type { UploadPart } from '../requests/fs-requests.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

/** Of the text strings that are the keys of an upload, each with its head. */
const KEY_BYTES = { off: 4, name: 5, len: 4, data: 5 } as const;

/**
 * The most file bytes that fit a message of that size at that offset: 319 in the first and 324 in later parts at
 * 380 bytes and a path of 25. May be zero or less when the path alone fills the message.
 */
export function uploadPartCapacity(
  messageBytes: number,
  path: string,
  offset: number,
  total: number,
): number {
  const room = messageBytes - emptyMessageBytes({ path, offset, total });
  // The head of a byte string, one byte in the empty part, grows with its length.
  if (room < 24) return room;
  if (room - 1 < 0x100) return Math.max(23, room - 1);
  if (room - 2 < 0x10000) return Math.max(0xff, room - 2);
  return room - 4;
}

/** Bytes of the message that carries a part, header included. */
export function uploadMessageBytes(part: UploadPart): number {
  const { length } = part.bytes;
  return emptyMessageBytes(part) - 1 + headBytes(length) + length;
}

/** The request for a part: boards take longest over the first and the last. */
export function uploadRequest(part: UploadPart): SmpRequest<UploadPart, number> {
  if (part.offset + part.bytes.length === part.total) return FS_UPLOAD_LAST;
  return part.offset === 0 ? FS_UPLOAD_FIRST : FS_UPLOAD_NEXT;
}

/** Counted, not encoded, since every part asks for it: the map and its keys, with no content yet. */
function emptyMessageBytes({ path, offset, total }: Omit<UploadPart, 'bytes'>): number {
  const pathBytes = Buffer.byteLength(path);
  const offsetBytes = KEY_BYTES.off + headBytes(offset);
  const nameBytes = KEY_BYTES.name + headBytes(pathBytes) + pathBytes;
  const totalBytes = offset === 0 ? KEY_BYTES.len + headBytes(total) : 0;
  return SMP_HEADER_BYTES + 1 + offsetBytes + nameBytes + totalBytes + KEY_BYTES.data + 1;
}

/** Of a number, or of the head before a text or byte string of that length: CBOR, RFC 8949 §3. */
function headBytes(value: number): number {
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  return value < 0x10000 ? 3 : 5;
}
