import { Client } from '@temporalio/client';
import { lineDataConverter } from './data-converter.ts';
import { RenewedConnection } from './renewed-connection.ts';
import { openClientConnection } from './server/client-connection.ts';
import type { TemporalConnectionOptions, TemporalServer } from './server/temporal-server.ts';
import { WorkerConnection } from './worker-connection.ts';

/**
 * All connections of a role to its server: one of its client, and those of its workers. They are exchanged together when the
 * credentials were replaced on disk.
 */
export class ServerConnections {
  readonly client: Client;
  readonly #connection: RenewedConnection;
  readonly #workers: WorkerConnection[] = [];
  #options: TemporalConnectionOptions;

  private constructor(server: OfServer, connection: RenewedConnection) {
    this.#options = server.connectionOptions;
    this.#connection = connection;
    const { namespace } = server;
    this.client = new Client({ connection, namespace, dataConverter: lineDataConverter() });
  }

  static async open(server: OfServer): Promise<ServerConnections> {
    const connection = await openClientConnection(server.connectionOptions);
    return new ServerConnections(server, new RenewedConnection(connection));
  }

  /** What the server is shown now. */
  get options(): TemporalConnectionOptions {
    return this.#options;
  }

  /** A connection for workers, which `close` closes. */
  async openForWorkers(): Promise<WorkerConnection> {
    const connection = await WorkerConnection.open(this.#options);
    this.#workers.push(connection);
    return connection;
  }

  /** Connects with these options in the place of those before. Throws what connecting throws; then some may have the earlier ones. */
  async renew(options: TemporalConnectionOptions): Promise<void> {
    const next = await openClientConnection(options);
    this.#options = options;
    await this.#connection.renew(next);
    for (const workers of this.#workers) await workers.renew(options);
  }

  /** All workers must have stopped. */
  async close(): Promise<void> {
    for (const workers of this.#workers) await workers.close();
    await this.#connection.close();
  }
}

type OfServer = Pick<TemporalServer, 'connectionOptions' | 'namespace'>;
