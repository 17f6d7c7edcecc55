/** Where an audit log ends: how many entries it has, and the hash of the last, lower-case hex. */
export interface AuditHead {
  readonly size: number;
  readonly hash: string;
}

/** What checking an audit log against a witness needs of it. */
export interface AuditLog {
  auditHead(): Promise<AuditHead>;
  /** The hash of an entry; undefined where there is none. */
  auditHash(seq: number): Promise<string | undefined>;
  /** See Checkpoint; undefined where no person had to accept a clock. */
  clockWrongUntil(): Promise<string | undefined>;
}
