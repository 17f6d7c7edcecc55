/**
 * What people or programs outside must hear of. It is part of the registry of record: that a unit waits, or that a batch ended,
 * is noted in the transaction that records it, so that no crash loses it. Times are milliseconds since 1970. Methods throw a
 * RegistryError.
 */
export interface Notices {
  /** From now on this process notes what happens. Nothing is noted where nobody is to hear of it. */
  start(): void;
  /** Notes one more, unless it is noted already. */
  add(notice: Notice): Promise<void>;
  /** Those that are due, the oldest first, at most `limit`. */
  due(now: number, limit: number): Promise<DueNotice[]>;
  /** It was delivered. */
  sent(id: string, now: number): Promise<void>;
  /** It was not, and is due again at `dueAt`. */
  failed(id: string, dueAt: number): Promise<void>;
  /** Forgets those that were noted before this time; returns how many of them were never delivered. */
  forget(before: number): Promise<number>;
}

/** A unit waits for a person; a batch, or a supplement of it, ended; a role no longer asks Temporal for work. */
export type NoticeType = 'unit.waiting' | 'batch.ended' | 'role.down';

export interface Notice {
  readonly type: NoticeType;
  /** What happened to what: the same again is the same notice. */
  readonly about: readonly (string | number)[];
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DueNotice {
  /** Of letters, digits, dots and hyphens. A notice that is sent again has the same. */
  readonly id: string;
  /** JSON; the same bytes each time. */
  readonly body: string;
  readonly notedAt: number;
  /** How often it was not delivered. */
  readonly failures: number;
}
