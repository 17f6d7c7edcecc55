import type { Connection, ConnectionLike, Metadata } from '@temporalio/client';

/** A connection of clients that can be exchanged for another while they use it. */
export class RenewedConnection implements ConnectionLike {
  #current: Connection;

  constructor(current: Connection) {
    this.#current = current;
  }

  /** Questions from now on go by `next`. The one before closes once its questions are answered. */
  renew(next: Connection): Promise<void> {
    const previous = this.#current;
    this.#current = next;
    return previous.close();
  }

  get workflowService(): Connection['workflowService'] {
    return this.#current.workflowService;
  }

  get operatorService(): Connection['operatorService'] {
    return this.#current.operatorService;
  }

  get plugins(): Connection['plugins'] {
    return this.#current.plugins;
  }

  close(): Promise<void> {
    return this.#current.close();
  }

  ensureConnected(): Promise<void> {
    return this.#current.ensureConnected();
  }

  withDeadline<R>(deadline: number | Date, fn: () => Promise<R>): Promise<R> {
    return this.#current.withDeadline(deadline, fn);
  }

  withMetadata<R>(metadata: Metadata, fn: () => Promise<R>): Promise<R> {
    return this.#current.withMetadata(metadata, fn);
  }

  withAbortSignal<R>(abortSignal: AbortSignal, fn: () => Promise<R>): Promise<R> {
    return this.#current.withAbortSignal(abortSignal, fn);
  }
}
