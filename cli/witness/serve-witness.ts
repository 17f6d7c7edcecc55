import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { SmallFile } from '../../disk/small-file.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { cosign, openCosigned, parseCosignRequest } from '../../pki/audit/cosignature.ts';
import type { Cosigned, WitnessKey } from '../../pki/audit/cosignature.ts';
import { ensureStationKey } from '../../pki/keys/station-key.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import { closeListener } from '../../temporal/server/plain-answer.ts';
import { CommandError } from '../exit-status.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { printLine } from '../terminal/stdout.ts';

/** The files of a witness: its key, the line by which signers know it, the audit keys it accepts, what it signed last. */
export const WITNESS_FILES = {
  key: 'witness.key.pem',
  verifier: 'witness.pub',
  signers: 'signers',
  head: 'head',
} as const;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request is a line and a note of five. */
const MAX_REQUEST_LENGTH = 4_096;

/** `certline witness serve`: until it is stopped. Throws `usage` for an address that is none, STATION_KEY_INVALID. */
export async function serveWitness(folder: string, { listen }: { readonly listen: string }): Promise<void> {
  const signal = stopSignal();
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(listen) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new CommandError('usage', `The address ${listen} is not host:port, for example 0.0.0.0:7400.`);
  const server = openWitness(folder);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new CommandError('refused', `Cannot listen on ${listen} (${error.message}): choose another address.`),
      ),
    );
    server.listen(Number(port), host, resolve);
  });
  const { address, port: bound } = server.address() as AddressInfo;
  printLine(
    `witness up, on ${address}:${bound}, key ${readFileSync(join(folder, WITNESS_FILES.verifier), 'utf8').trim()}`,
  );
  await aborted(signal);
  await closeListener(server);
}

/** A witness over a folder, which is made with a new key where there is none. Not yet listening. */
export function openWitness(folder: string): Server {
  makeFolder(folder, 0o700);
  const key = ensureStationKey(join(folder, WITNESS_FILES.key), 'certline-witness');
  writeWholeSync(join(folder, WITNESS_FILES.verifier), 0o644, `${verifierText(key.verifier)}\n`);
  const head = new SmallFile(join(folder, WITNESS_FILES.head), 0o600);
  // One after the other: two that continue from the same head would be a fork.
  let turn: Promise<unknown> = Promise.resolve();
  return createServer((asked, answer) => {
    void answerWith(answer, async () => {
      const body = await bodyOf(asked);
      const next = turn.then(() => answerTo(body, folder, { key, head }));
      turn = next.catch(() => undefined);
      return await next;
    });
  });
}

/** A disk that is full, for example, is said to the signer, which then signs nothing. */
async function answerWith(answer: ServerResponse, result: () => Promise<Answer>): Promise<void> {
  let { status, text }: Answer = { status: 500, text: 'the witness had an internal error\n' };
  try {
    ({ status, text } = await result());
  } catch (error) {
    text = `${(error as Error).message}\n`;
  }
  answer.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}

async function answerTo(
  body: string | undefined,
  folder: string,
  { key, head }: { readonly key: WitnessKey; readonly head: SmallFile },
): Promise<Answer> {
  const request = body === undefined ? undefined : parseCosignRequest(body);
  if (request === undefined) return { status: 400, text: 'not a request to a Certline witness\n' };
  const path = join(folder, WITNESS_FILES.head);
  const held = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (held !== undefined && openCosigned(held, key.verifier) === undefined)
    return { status: 500, text: `${WITNESS_FILES.head} is not signed by the key of this witness\n` };
  const cosigned: Cosigned | undefined = cosign(request, held, {
    key,
    trusted: readVerifierKeys(join(folder, WITNESS_FILES.signers)),
  });
  if (cosigned === undefined) return { status: 403, text: 'not signed by an accepted audit key\n' };
  if (cosigned.isExtended && cosigned.note !== held) head.write(cosigned.note);
  return { status: cosigned.isExtended ? 200 : 409, text: cosigned.note };
}

/** Undefined for one that is too long, or not a POST. */
async function bodyOf(asked: IncomingMessage): Promise<string | undefined> {
  let text = '';
  try {
    for await (const part of asked.setEncoding('utf8') as AsyncIterable<string>) {
      text += part;
      if (text.length > MAX_REQUEST_LENGTH) return undefined;
    }
  } catch {
    return undefined;
  }
  return asked.method === 'POST' ? text : undefined;
}
