import { NativeConnection, Worker } from '@temporalio/worker';
import type { WorkerOptions } from '@temporalio/worker';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from './program/temporal-server-error.ts';
import type { TemporalConnectionOptions } from './server/temporal-server.ts';

/** The native core reads the CA certificates of the host, where Node has its own. */
const NO_CA_CERTIFICATES = 'NativeCertsNotFound';

/**
 * What workers share to reach their server. Workers of one connection must not share a task queue. It is apart from the connection of
 * clients, because commands that only ask load no worker: it takes as long as all else that they load.
 */
export class WorkerConnection {
  #current: NativeConnection;
  readonly #workers = new Set<Worker>();

  private constructor(current: NativeConnection) {
    this.#current = current;
  }

  /** Throws TEMPORAL_CONFIGURATION where the host has no CA certificates and none are configured. */
  static async open(options: TemporalConnectionOptions): Promise<WorkerConnection> {
    return new WorkerConnection(await connect(options));
  }

  /** A worker on this connection. */
  async createWorker(options: Omit<WorkerOptions, 'connection'>): Promise<Worker> {
    const worker = await Worker.create({ ...options, connection: this.#current });
    // It may have been exchanged meanwhile.
    worker.connection = this.#current;
    this.#forgetStopped();
    this.#workers.add(worker);
    return worker;
  }

  /**
   * Connects with these options, and moves the workers there: what they ask from now on goes the new way. A question for work that
   * is open stays where it is until it is answered, for a minute at most, or cut. Throws what connecting throws; the workers then
   * stay as they were.
   */
  async renew(options: TemporalConnectionOptions): Promise<void> {
    const previous = this.#current;
    this.#current = await connect(options);
    this.#forgetStopped();
    for (const worker of this.#workers) worker.connection = this.#current;
    await previous.close();
  }

  /** Its workers must have stopped. One that has failed never releases its connection: both end with the process. */
  async close(): Promise<void> {
    if ([...this.#workers].some((worker) => worker.getState() === 'FAILED')) return;
    await this.#current.close();
  }

  #forgetStopped(): void {
    for (const worker of this.#workers) if (worker.getState() === 'STOPPED') this.#workers.delete(worker);
  }
}

async function connect(options: TemporalConnectionOptions): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(options);
  } catch (error) {
    if (!(error as Error).message.includes(NO_CA_CERTIFICATES)) throw error;
    const message =
      'This host has no CA certificates, which a worker needs for TLS: install them (Debian: package ca-certificates), or set TEMPORAL_TLS_SERVER_CA_CERT_PATH.';
    throw new TemporalServerError(TEMPORAL_SERVER_ERROR_CODES.CONFIGURATION, message, { cause: error });
  }
}
