import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { checkFilePath } from './file-path.ts';
import { isFileAbsent } from './file-size.ts';
import { FS_DOWNLOAD } from '../requests/fs-requests.ts';
import type { DownloadPart } from '../requests/fs-requests.ts';
import { SmpError } from '../smp-error.ts';

/** For {@link readFile}. */
export interface ReadFileOptions extends RequestOptions {
  /** Called after every part, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Refuse a larger file with `SMP_FILE_TOO_LARGE`, before reading it; default 16 MiB. */
  readonly maxBytes?: number;
}

const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** A file may change once under our eyes (the firmware writes it); more often is a defect. */
const MAX_ROUNDS = 2;

/** The content of a file on the board in a fresh buffer that the caller owns, or `undefined` when there is none. */
export async function readFile(
  client: SmpClient,
  path: string,
  options: ReadFileOptions = {},
): Promise<Uint8Array | undefined> {
  checkFilePath(path);
  return await client.files.turn.run(() => downloadFile(client, path, options));
}

/** As {@link readFile}, for a caller that has the client's file turn already. */
export async function downloadFile(
  client: SmpClient,
  path: string,
  options: ReadFileOptions,
): Promise<Uint8Array | undefined> {
  for (let round = 1; ; round++) {
    const content = await downloadOnce(client, path, options);
    if (content !== 'changed') return content;
    if (round < MAX_ROUNDS) continue;
    const sentence = `${client.name}: ${path} changes while it is being read: stop the firmware from writing it`;
    throw new SmpError('SMP_OFFSET_MISMATCH', sentence);
  }
}

async function downloadOnce(
  client: SmpClient,
  path: string,
  options: ReadFileOptions,
): Promise<Uint8Array | undefined | 'changed'> {
  const first = await downloadPart(client, path, 0, options);
  if (first === undefined) return undefined;
  const content = allocate(client, path, first, options);
  try {
    for (let part = first; ;) {
      const end = part.offset + part.bytes.length;
      if (end > content.length || (part.bytes.length === 0 && end < content.length)) return 'changed';
      content.set(part.bytes, part.offset);
      part.bytes.fill(0);
      options.onProgress?.(end, content.length);
      if (end === content.length) return content;
      const next = await downloadPart(client, path, end, options);
      if (next === undefined) return 'changed';
      part = next;
    }
  } catch (error) {
    content.fill(0);
    throw error;
  }
}

async function downloadPart(
  client: SmpClient,
  path: string,
  offset: number,
  options: ReadFileOptions,
): Promise<DownloadPart | undefined> {
  const reply = await client.ask(FS_DOWNLOAD, { path, offset }, options);
  if (!reply.ok && !isFileAbsent(reply.device)) throw client.refusal(`reading ${path}`, reply.device);
  client.files.upload = 'closed'; // a download closes it before anything else
  if (!reply.ok) return undefined;
  if (reply.value.offset === offset) return reply.value;
  const sentence = `${client.name}: the board sent ${path} from offset ${reply.value.offset} instead of ${offset}`;
  throw new SmpError('SMP_OFFSET_MISMATCH', sentence);
}

function allocate(
  client: SmpClient,
  path: string,
  first: DownloadPart,
  options: ReadFileOptions,
): Uint8Array {
  if (first.total === undefined) {
    throw new SmpError(
      'SMP_MALFORMED_REPLY',
      `${client.name}: the board does not report the size of ${path}`,
    );
  }
  const maxBytes = options.maxBytes ?? MAX_FILE_BYTES;
  if (first.total <= maxBytes) return new Uint8Array(first.total);
  first.bytes.fill(0);
  const sentence = `${client.name}: ${path} has ${first.total} bytes; at most ${maxBytes} are expected`;
  throw new SmpError('SMP_FILE_TOO_LARGE', sentence);
}
