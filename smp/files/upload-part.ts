import { encodeCborBehindHeader } from '../wire/smp-cbor.ts';
import { SMP_HEADER_BYTES } from '../wire/smp-header.ts';
import { FS_UPLOAD_FIRST, FS_UPLOAD_LAST, FS_UPLOAD_NEXT } from '../requests/fs-requests.ts';
import type { UploadPart } from '../requests/fs-requests.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

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
  const room = messageBytes - emptyMessageBytes({ path, offset, total, bytes: new Uint8Array() });
  // The head of a byte string, one byte in the empty part, grows with its length: CBOR, RFC 8949 §3.
  if (room < 24) return room;
  if (room - 1 < 0x100) return Math.max(23, room - 1);
  if (room - 2 < 0x10000) return Math.max(0xff, room - 2);
  return room - 4;
}

/** Bytes of the message that carries a part, header included. */
export function uploadMessageBytes(part: UploadPart): number {
  const { length } = part.bytes;
  const emptyBytes = emptyMessageBytes(part);
  // The head of a byte string, one byte in the empty part, grows with its length: CBOR, RFC 8949 §3.
  const headGrowth = length < 24 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 4;
  return emptyBytes + headGrowth + length;
}

function emptyMessageBytes(part: UploadPart): number {
  return encodeCborBehindHeader(
    FS_UPLOAD_FIRST.encode({ ...part, bytes: new Uint8Array() }),
    SMP_HEADER_BYTES,
  ).length;
}

/** The request for a part: boards take longest over the first and the last. */
export function uploadRequest(part: UploadPart): SmpRequest<UploadPart, number> {
  if (part.offset + part.bytes.length === part.total) return FS_UPLOAD_LAST;
  return part.offset === 0 ? FS_UPLOAD_FIRST : FS_UPLOAD_NEXT;
}
