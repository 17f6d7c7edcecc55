import type { SmpClient } from '../client/client.ts';
import { checkFilePath } from './file-path.ts';
import { FileUpload } from './file-upload.ts';
import type { UploadOptions } from './file-upload.ts';
import { downloadFile } from './read-file.ts';
import { isSmpError, isUnanswered, SmpError } from '../smp-error.ts';

/** For {@link writeFile}. */
export interface WriteFileOptions extends UploadOptions {
  /** Default `read`: the file is read back and compared. `none` leaves that to the caller. */
  readonly verify?: 'read' | 'none';
}

/** A new start helps after a reset of the board, a stolen file or bad noise; what fails three times is a defect. */
const MAX_ROUNDS = 3;
const CLEAN_UP_MS = 1_000;

/**
 * Writes a file on the board, replacing what was there, and makes its directory if that is missing. When it
 * returns, the file is there byte for byte; when it rejects, `SmpError.file` says what is known about it.
 */
export async function writeFile(
  client: SmpClient,
  path: string,
  bytes: Uint8Array,
  options: WriteFileOptions = {},
): Promise<void> {
  checkFilePath(path);
  await client.files.turn.run(async () => {
    const upload = new FileUpload(client, path, bytes, options);
    try {
      await uploadUntilRight(upload, client, path, bytes, options);
    } catch (error) {
      if (isSmpError(error)) error.file ??= upload.knowledge;
      if (!isUnanswered(error)) await leaveClean(client, upload);
      throw error;
    }
  });
}

async function uploadUntilRight(
  upload: FileUpload,
  client: SmpClient,
  path: string,
  bytes: Uint8Array,
  options: WriteFileOptions,
): Promise<void> {
  for (let round = 1; ; round++) {
    try {
      await upload.send();
      if (options.verify !== 'none') await verify(client, path, bytes, options);
      return;
    } catch (error) {
      const curable = isSmpError(error, 'SMP_OFFSET_MISMATCH', 'SMP_READ_BACK_DIFFERS');
      if (!curable || round === MAX_ROUNDS) throw error;
      client.files.upload = 'open';
    }
  }
}

async function verify(
  client: SmpClient,
  path: string,
  bytes: Uint8Array,
  options: WriteFileOptions,
): Promise<void> {
  const { signal, deadlineMs, secret } = options;
  const found = await downloadFile(client, path, { signal, deadlineMs, secret });
  const same = found !== undefined && Buffer.compare(found, bytes) === 0;
  found?.fill(0);
  if (same) return;
  const what = found === undefined ? 'is not there' : `has ${found.length} bytes that differ`;
  const sentence = `${client.name}: ${path} was written but ${what} when read back: is the board's file system full or worn out?`;
  throw new SmpError('SMP_READ_BACK_DIFFERS', sentence, { file: 'different' });
}

/** After a cancelled or failed upload the board must not keep the file open; one that does not answer is left. */
async function leaveClean(client: SmpClient, upload: FileUpload): Promise<void> {
  if (client.files.upload !== 'open' || upload.knowledge === 'unchanged') return;
  await upload.close(performance.now() + CLEAN_UP_MS).catch(() => undefined);
}
