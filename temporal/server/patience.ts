/** How long each wait may take, in milliseconds, before it is a failure. */
export interface Patience {
  /** For a server from the environment to answer at all. */
  readonly connectMs: number;
  /** For it to have the namespace. */
  readonly namespaceMs: number;
  /** For a server found running to answer: it may be busy. */
  readonly adoptMs: number;
  /** For a new server to serve. */
  readonly startMs: number;
  /** For a server to end after SIGTERM, and for its database to be closed. */
  readonly stopMs: number;
}

/** Long enough for slow machines: each wait ends as soon as its condition holds. */
export const PATIENCE: Patience = {
  // A name look-up, a TLS handshake: a sentence after 5 s is worth more to a person than patience with a server that restarts.
  connectMs: 4_000,
  // The set-up job of a new cluster may make the namespace just now; a supervisor starts what ends without it again.
  namespaceMs: 3_000,
  adoptMs: 20_000,
  // Measured: 1 s. With a cold disk and a virus scanner it may be a minute.
  startMs: 180_000,
  // Measured: 1.1 s.
  stopMs: 15_000,
};
