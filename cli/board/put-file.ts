import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileSize } from '../../smp/files/file-size.ts';
import { writeFile } from '../../smp/files/write-file.ts';
import { unreadable } from '../given-file.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { confirm } from '../confirm.ts';
import { needing } from './firmware-option.ts';
import { TransferBar } from './transfer-bar.ts';

export interface PutFileOptions extends BoardOptions {
  readonly yes?: boolean;
}

/** `certline board put`. Throws `unknown` where there is no such file here, `refused` when the answer is no. */
export async function putFile(
  invocation: Invocation,
  port: string,
  file: string,
  path: string,
  options: PutFileOptions,
): Promise<void> {
  const content = readLocal(file);
  try {
    const sha256 = createHash('sha256').update(content).digest('hex');
    await withBoard(invocation, port, options, (session) => send(session, content, path, options));
    if (options.json === true) printJson({ port, file, path, bytes: content.length, sha256 });
    else printLine(`${path}: ${content.length} bytes, written and read back`);
  } finally {
    content.fill(0);
  }
}

async function send(
  { client, credentials, signal }: BoardSession,
  content: Uint8Array,
  path: string,
  options: PutFileOptions,
): Promise<void> {
  if (credentials.isCredential(path)) {
    const size = await needing('files', () => fileSize(client, path, { signal }));
    const question = `${path} is a credential of the board (${size} bytes). Overwrite it?`;
    if (size !== undefined) await confirm('overwrite a credential', question, { ...options, signal });
  }
  const bar = new TransferBar(path);
  const writing = { signal, secret: credentials.isKey(path), onProgress: bar.update };
  await needing('files', () => writeFile(client, path, content, writing)).finally(() => bar.end());
}

const LOCAL = { content: 'a file of this host, to be written to the board', maxBytes: Infinity };

function readLocal(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, LOCAL, error);
  }
}
