import type { NativeConnectionOptions } from '@temporalio/worker';

/** What `openClientConnection`, for clients, and `NativeConnection.connect`, for workers, take. */
export type TemporalConnectionOptions = Pick<
  NativeConnectionOptions,
  'address' | 'tls' | 'apiKey' | 'metadata' | 'proxy'
>;

/** A Temporal server that answers, with its namespace and search attributes in place. */
export interface TemporalServer {
  /** `host:port` of the frontend. */
  readonly address: string;
  readonly namespace: string;
  /** Where the server's own web page is; `undefined` for a server from the environment. */
  readonly uiUrl: string | undefined;
  /** Which server is used and why, for people. */
  readonly source: string;
  /** What a person must know about the connection. */
  readonly warning?: string | undefined;
  readonly connectionOptions: TemporalConnectionOptions;
  /** Whether {@link stop} ends the server. */
  readonly owned: boolean;
  /** For a server of our own: resolves with how it ended when it ends without `stop`. */
  readonly lost?: Promise<string>;
  /** Ends the server if this process owns it, and resolves when it is gone; may be called twice. */
  readonly stop: () => Promise<void>;
}
