/**
 * The process that holds a PKCS#11 token. A library that hangs, or crashes, does so here: its parent kills it
 * and continues. It ends with its parent.
 */
import type { Pkcs11Answer, Pkcs11Request } from './pkcs11-key.ts';
import { PinRefusedError, Pkcs11Session } from './pkcs11-session.ts';

let session: Pkcs11Session | undefined;

function answer(message: Pkcs11Answer): void {
  process.send?.(message);
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function open(key: Extract<Pkcs11Request, { kind: 'open' }>['key']): Promise<void> {
  try {
    session = await Pkcs11Session.open(key);
    answer({ kind: 'opened', spki: session.spki });
  } catch (error) {
    answer({ kind: error instanceof PinRefusedError ? 'refused' : 'failed', why: whyOf(error) });
    process.disconnect();
  }
}

function sign(id: number, digest: Uint8Array): void {
  try {
    answer({ kind: 'signed', id, signature: session!.sign(digest) });
  } catch (error) {
    answer({ kind: 'failed', id, why: whyOf(error) });
  }
}

function close(): void {
  try {
    session?.close();
  } finally {
    process.disconnect();
  }
}

process.on('message', (request: Pkcs11Request) => {
  switch (request.kind) {
    case 'open':
      void open(request.key);
      break;
    case 'sign':
      sign(request.id, request.digest);
      break;
    case 'close':
      close();
  }
});
