import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { PkiError } from '../pki-error.ts';
import type { Pkcs11Answer, Pkcs11Key, Pkcs11Request } from './pkcs11-key.ts';

const CHILD = join(import.meta.dirname, `pkcs11-child${extname(import.meta.filename)}`);

interface Waiting {
  readonly resolve: (answer: Pkcs11Answer) => void;
  readonly reject: (error: PkiError) => void;
}

/** Requests wait under their id; the one to open waits under this. */
const OPENING = 0;

/**
 * A running process that holds a token. When something is asked and nothing comes back for `timeoutMs`, it is hung: it
 * is killed, and all that wait receive CA_UNAVAILABLE. Then, and when it ends by itself, `isOver`.
 */
export class Pkcs11Process {
  readonly #child: ChildProcess;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #watchdog: NodeJS.Timeout | undefined;
  #nextId = OPENING + 1;
  isOver = false;

  constructor(token: string, timeoutMs: number) {
    this.#token = token;
    this.#timeoutMs = timeoutMs;
    this.#child = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    // Only a request that waits keeps this process alive, by its watchdog.
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on('message', (answer: Pkcs11Answer) => this.#receive(answer));
    this.#child.on('error', () => this.#end('its process could not be started', 'process'));
    this.#child.on('exit', () => this.#end('its process ended', 'process'));
  }

  /** The key's SubjectPublicKeyInfo. Throws TOKEN_PIN_REFUSED, CA_UNAVAILABLE. */
  async open(key: Pkcs11Key): Promise<Uint8Array> {
    const answer = await this.#ask(OPENING, { kind: 'open', key });
    if (answer.kind === 'opened') return answer.spki;
    throw this.#unavailable('its process answered out of turn', 'process');
  }

  /** r and s over a SHA-256 digest. Throws CA_UNAVAILABLE. */
  async sign(digest: Uint8Array): Promise<Uint8Array> {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = await this.#ask(id, { kind: 'sign', id, digest });
    if (answer.kind === 'signed') return answer.signature;
    throw this.#unavailable('its process answered out of turn', 'process');
  }

  /** Logs out and ends the process, by force where it does not end by itself. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    // One that is ending already does not listen, and need not.
    if (this.#child.connected) this.#child.send({ kind: 'close' } satisfies Pkcs11Request, () => {});
    const force = setTimeout(() => this.#child.kill('SIGKILL'), this.#timeoutMs);
    await exited;
    clearTimeout(force);
  }

  #ask(id: number, request: Pkcs11Request): Promise<Pkcs11Answer> {
    if (this.isOver) return Promise.reject(this.#unavailable('its process ended', 'process'));
    const { promise, resolve, reject } = Promise.withResolvers<Pkcs11Answer>();
    this.#waiting.set(id, { resolve, reject });
    this.#watch();
    this.#child.send(request, (error) => {
      if (error !== null) this.#end('its process does not accept requests', 'process');
    });
    return promise;
  }

  #receive(answer: Pkcs11Answer): void {
    const id = 'id' in answer ? (answer.id ?? OPENING) : OPENING;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#watch();
    if (answer.kind === 'refused') waiting?.reject(this.#pinRefused(answer.why));
    else if (answer.kind === 'failed') {
      waiting?.reject(this.#unavailable(answer.why, 'token'));
      // What a session says once it may say until it ends: unplugged, reset, logged out by another.
      this.#child.kill('SIGKILL');
      this.isOver = true;
    } else waiting?.resolve(answer);
  }

  /** Any answer shows that the token works: only silence while something waits is a hang. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#waiting.size === 0) return;
    this.#watchdog = setTimeout(() => {
      this.#child.kill('SIGKILL');
      this.#end(`it has not answered for ${this.#timeoutMs} ms`, 'hung');
    }, this.#timeoutMs);
  }

  #end(why: string, reason: string): void {
    this.isOver = true;
    clearTimeout(this.#watchdog);
    for (const { reject } of this.#waiting.values()) reject(this.#unavailable(why, reason));
    this.#waiting.clear();
  }

  #unavailable(why: string, reason: string): PkiError {
    const message = `The token ${this.#token} makes no signatures (${why}): check the token and its library.`;
    return new PkiError('CA_UNAVAILABLE', message, { reason });
  }

  #pinRefused(why: string): PkiError {
    return new PkiError('TOKEN_PIN_REFUSED', `The token ${this.#token} is not used: ${why}.`);
  }
}
