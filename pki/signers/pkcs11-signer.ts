import { createHash } from 'node:crypto';
import { PkiError } from '../pki-error.ts';
import type { Pkcs11Key } from './pkcs11-key.ts';
import { pinSight } from './pkcs11-pin.ts';
import { Pkcs11Process } from './pkcs11-process.ts';
import { closedSigner, probeSigner } from './probe-signer.ts';
import type { Signer } from './signer.ts';

/** Network HSMs fail over within seconds; a signature takes 10 to 50 ms on slow ones. */
const TIMEOUT_MS = 10_000;

/**
 * A signer over a P-256 key on a PKCS#11 token, hash first and then CKM_ECDSA, in a process of its own. One that hangs,
 * crashes or fails is replaced at the next signature; a PIN that the token refused is never tried again before a person has changed
 * the PIN file, or removed what is remembered of the refusal.
 */
export class Pkcs11Signer implements Signer {
  readonly id: string;
  readonly spki: Uint8Array;
  readonly #key: Pkcs11Key;
  readonly #timeoutMs: number;
  #process: Promise<Pkcs11Process>;
  #refused: { readonly error: PkiError; readonly sight: string } | undefined;
  #isClosed = false;

  private constructor(key: Pkcs11Key, timeoutMs: number, process: Pkcs11Process, spki: Uint8Array) {
    this.id = `token ${key.token}`;
    this.spki = spki;
    this.#key = key;
    this.#timeoutMs = timeoutMs;
    this.#process = Promise.resolve(process);
  }

  /** Opens the token. Throws TOKEN_PIN_REFUSED, CA_UNAVAILABLE when the token, its library or the key is not there. */
  static async open(key: Pkcs11Key, timeoutMs = TIMEOUT_MS): Promise<Pkcs11Signer> {
    const { process, spki } = await start(key, timeoutMs);
    return new Pkcs11Signer(key, timeoutMs, process, spki);
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#isClosed) throw closedSigner(this.id);
    const process = await this.#running();
    return process.sign(createHash('sha256').update(message).digest());
  }

  async probe(): Promise<void> {
    await probeSigner(this);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const process = await this.#process.catch(() => undefined);
    await process?.close();
  }

  /** The running process, or a new one where it has ended; callers at the same time get the same one. */
  async #running(): Promise<Pkcs11Process> {
    if (this.#refused?.sight === pinSight(this.#key)) throw this.#refused.error;
    this.#refused = undefined;
    const current = this.#process;
    const process = await current.catch(() => undefined);
    if (process !== undefined && !process.isOver) return process;
    if (this.#process === current) this.#process = this.#restart();
    return this.#process;
  }

  async #restart(): Promise<Pkcs11Process> {
    try {
      const { process, spki } = await start(this.#key, this.#timeoutMs);
      if (Buffer.compare(spki, this.spki) === 0) return process;
      await process.close();
      const message = `The ${this.id} has another key with the same label than before: check the token.`;
      throw new PkiError('CA_UNAVAILABLE', message, { reason: 'key-changed' });
    } catch (error) {
      if (error instanceof PkiError && error.code === 'TOKEN_PIN_REFUSED')
        this.#refused = { error, sight: pinSight(this.#key) };
      throw error;
    }
  }
}

async function start(
  key: Pkcs11Key,
  timeoutMs: number,
): Promise<{ process: Pkcs11Process; spki: Uint8Array }> {
  const process = new Pkcs11Process(key.token, timeoutMs);
  try {
    return { process, spki: await process.open(key) };
  } catch (error) {
    await process.close();
    throw error;
  }
}
