/** How long each wait may last, in milliseconds, before it counts as a failure. */
export interface Patience {
  /** For a server from the environment to answer at all. */
  readonly connectMs: number;
  /** For it to have the namespace. */
  readonly namespaceMs: number;
  /** For a server found running to answer: it may be busy. */
  readonly adoptMs: number;
  /** For a new server to serve. */
  readonly startMs: number;
  /** For a server to end after SIGTERM, and for its database to be let go. */
  readonly stopMs: number;
}

/** Waits for slow machines: each ends as soon as its condition holds. */
export const PATIENCE: Patience = {
  // A name look-up, a TLS handshake, a server that is just being restarted.
  connectMs: 10_000,
  // The set-up job of a new cluster makes the namespace some seconds after the server has come up.
  namespaceMs: 30_000,
  adoptMs: 20_000,
  // 1 s here; a cold disk and a virus scanner may make a minute of it.
  startMs: 180_000,
  // 1.1 s here.
  stopMs: 15_000,
};
