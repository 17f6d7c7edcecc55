import { createHash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { posix } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { containsKeyMaterial } from '../../pki/keys/key-material-scan.ts';
import { readFile } from '../../smp/files/read-file.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { CredentialFiles, keyStays } from '../../fixtures/board/credential-files.ts';
import { needing } from './firmware-option.ts';
import { TransferBar } from './transfer-bar.ts';

const STANDARD_OUTPUT = '-';

/**
 * `certline board get`. Throws `unknown` where there is no such file on the board, `refused` for a private key, be it
 * by its path or by what was read, and where the file to write exists.
 */
export async function getFile(
  invocation: Invocation,
  port: string,
  path: string,
  file: string = posix.basename(path),
  options: BoardOptions = {},
): Promise<void> {
  new CredentialFiles(invocation.config.products).mustNotRead(path);
  if (file === STANDARD_OUTPUT && options.json === true) {
    throw new CommandError('usage', 'The file and a JSON document cannot both go to standard output.');
  }
  const content = await withBoard(invocation, port, options, (session) => fetch(session, path));
  if (file === STANDARD_OUTPUT) {
    process.stdout.write(content);
    return;
  }
  await writeNew(file, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (options.json === true) printJson({ port, path, file, bytes: content.length, sha256 });
  else printLine(`${path}: ${content.length} bytes in ${file}, SHA-256 ${sha256}`);
}

/** Read as if it were a secret, so that a key under another name leaves nothing behind. */
async function fetch({ client, port, signal }: BoardSession, path: string): Promise<Uint8Array> {
  const bar = new TransferBar(path);
  const reading = { signal, secret: true, onProgress: bar.update };
  const content = await needing('files', () => readFile(client, path, reading)).finally(() => bar.end());
  if (content === undefined) throw noSuchBoardFile(port, path);
  if (!containsKeyMaterial(content)) return content;
  content.fill(0);
  throw keyStays(path);
}

/** Never overwrites, and leaves no half file. */
async function writeNew(file: string, content: Uint8Array): Promise<void> {
  try {
    const handle = await open(file, 'wx');
    try {
      await handle.writeFile(content);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') {
      throw new CommandError('refused', `${file} exists: name another file, or - for standard output.`);
    }
    throw new CommandError('disk', `${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The error for a path that leads to no file on the board. */
export function noSuchBoardFile(port: string, path: string): CommandError {
  return new CommandError('unknown', `${port}: there is no ${path} on the board.`);
}
