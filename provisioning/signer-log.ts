/** How far the audit log of a signer had come, as the registry has seen it in certificates. */
export interface SeenLog {
  /** Name of the audit key, which distinguishes signers. */
  readonly log: string;
  /** Entries. */
  readonly size: number;
  /** Of the last of them, lower-case hex. */
  readonly hash: string;
}
