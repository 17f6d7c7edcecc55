import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Doom, FromSigner, Handover, SignerWork, ToSigner, WorkMessage } from './signer-messages.ts';

/** What the signer said: a value, or the code it refused with. */
export type Answer<T> = { readonly value: T } | { readonly code: string; readonly message: string };

type ValueOf<W extends keyof SignerWork> = Awaited<ReturnType<SignerWork[W]>>;

interface Pending {
  readonly message: WorkMessage;
  readonly resolve: (answer: Answer<never>) => void;
}

/**
 * The other end of the signer's pipe. Whenever the signer was killed it is started again, and all that it had not
 * answered is sent again, as Temporal does.
 */
export class SignerClient {
  readonly #stateFolder: string;
  readonly #nextDoom: () => Doom;
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | undefined;
  #next: ChildProcess | undefined;
  #isUp = false;
  #isStopping = false;
  #ids = 0;
  kills = 0;
  /** Runs beside the load when the signer is up again after a kill, unless the last one still runs. */
  onRestart: () => Promise<void> = async () => undefined;
  #afterRestart: Promise<void> = Promise.resolve();
  #isAfterRestart = false;
  /** Requests to sign, those sent again after a kill not counted. */
  signRequests = 0;
  /** A signer that ended otherwise than by a kill; fatal. */
  readonly failed = Promise.withResolvers<never>();

  constructor(stateFolder: string, nextDoom: () => Doom) {
    this.#stateFolder = stateFolder;
    this.#nextDoom = nextDoom;
    // Whoever runs the load waits for it; until then a rejection must not end the process.
    this.failed.promise.catch(() => undefined);
  }

  start(): void {
    const child = this.#next ?? this.#fork();
    this.#next = this.#fork();
    this.#child = child;
    child.on('message', (message: FromSigner) => this.#hear(message));
    child.on('exit', (status, signal) => this.#ended(status, signal));
    child.send(this.#nextDoom(), () => undefined);
  }

  /** A process that has loaded its program and opened nothing: loading takes longer than starting a signer. */
  #fork(): ChildProcess {
    const script = new URL('./signer-process.ts', import.meta.url).pathname;
    const child = fork(script, [this.#stateFolder], {
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(this.#stateFolder, 'compiled') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('error', () => undefined);
    return child;
  }

  async ask<W extends keyof SignerWork>(
    work: W,
    input: Parameters<SignerWork[W]>[0],
    handover: Partial<Handover> = {},
  ): Promise<Answer<ValueOf<W>>> {
    this.#ids += 1;
    if (work === 'signCertificate') this.signRequests += 1;
    const message = { id: this.#ids, work, input, askedAtMs: Date.now(), clockOffsetMs: 0, ...handover };
    const { promise, resolve } = Promise.withResolvers<Answer<ValueOf<W>>>();
    this.#pending.set(message.id, { message, resolve });
    if (this.#isUp) this.#send(message);
    return await Promise.race([promise, this.failed.promise]);
  }

  /** Kills the signer with SIGKILL wherever it is. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** Leaves no process behind. */
  end(): void {
    this.#isStopping = true;
    for (const child of [this.#child, this.#next]) child?.kill('SIGKILL');
  }

  /** Resolves when what began at the last restart has ended. */
  async quiet(): Promise<void> {
    await this.#afterRestart;
  }

  /** Ends the signer in peace. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    this.#send('stop');
    await exited;
  }

  #hear(message: FromSigner): void {
    if (message === 'ready') {
      this.#isUp = true;
      for (const pending of this.#pending.values()) this.#send(pending.message);
      if (this.kills > 0 && !this.#isAfterRestart) this.#afterRestart = this.#runAfterRestart();
      return;
    }
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    pending?.resolve(message as Answer<never>);
  }

  async #runAfterRestart(): Promise<void> {
    this.#isAfterRestart = true;
    // What can fail in it is the signer, and `failed` says so.
    await this.onRestart().catch(() => undefined);
    this.#isAfterRestart = false;
  }

  #ended(status: number | null, signal: NodeJS.Signals | null): void {
    this.#isUp = false;
    if (this.#isStopping) return;
    if (signal !== 'SIGKILL') {
      this.failed.reject(new Error(`the signer ended by itself: ${status ?? signal}`));
      return;
    }
    this.kills += 1;
    this.start();
  }

  /** A signer that has just been killed does not hear; what it was sent is sent again to the next. */
  #send(message: ToSigner): void {
    if (this.#child?.connected === true) this.#child.send(message, () => undefined);
  }
}
