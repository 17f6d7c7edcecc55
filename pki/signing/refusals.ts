/** What was refused, and why; each member is cut at 200 characters, since it may be anything. */
export type Refusal = Readonly<Record<'request' | 'code', string>> & Readonly<Record<string, string>>;

/** Where refused requests are recorded. */
export interface Refusals {
  /** Writes into the audit log that something was refused. */
  recordRefusal(refusal: Refusal): Promise<void>;
}
