/** What checking an audit log against a witness needs of it. */
export interface AuditLog {
  /** How many entries it has, and the hash of the last. */
  auditHead(): Promise<{ readonly size: number; readonly hash: string }>;
  /** The hash of an entry; undefined where there is none. */
  auditHash(seq: number): Promise<string | undefined>;
}
