import type { Device, RegistryPace } from './device-registry.ts';
import type { DeviceRegistryReason } from './device-registry-error.ts';

/**
 * What device registries must yet be brought to have. It is part of the registry of record: an entry is written in the
 * transaction of the pass, the revocation or the rework that it follows from. There is one entry for each certificate and device
 * registry; it stays when it is done. Times are milliseconds since 1970. Methods throw a RegistryError.
 */
export interface Outbox {
  /**
   * Entries of this device registry that are due, the ones that wait longest first, at most `limit`. What is due later than any
   * pause lasts is due now: a clock was ahead.
   */
  due(registry: string, now: number, limit: number): Promise<OutboxEntry[]>;
  /**
   * Records the results of calls, all of them or none, and how the device registry stands since. A result for an entry that
   * changed meanwhile, as its certificate was revoked, is not for what the entry is now, and changes nothing.
   */
  settle(registry: string, results: readonly OutboxResult[], standing: RegistryStanding): Promise<void>;
  /** How the device registry stands; as new where nothing is known of it. */
  standing(registry: string): Promise<RegistryStanding>;
  /**
   * Books the time of `devices` devices at this rate, and returns when the first of them may be sent: nobody else gets that time,
   * whatever process asks. What is booked further ahead than drains book is not believed: a clock was ahead.
   */
  book(registry: string, now: number, devices: number, devicesPerSecond: number): Promise<number>;
  /**
   * Keeps the account that devices of this device registry are sent to, unless one is kept already; returns the one that is kept. An
   * absent one is not kept. While the kept one is another one, nothing may be sent.
   */
  keepAccount(registry: string, account: string | undefined): Promise<KeptAccount>;
  /** Keeps this account no longer: it got nothing. */
  forgetAccount(registry: string, account: string): Promise<void>;
  /** How full it is, for each device registry that it has ever had an entry of. It takes a second for a million entries. */
  depths(): Promise<OutboxDepth[]>;
  /** What is not done yet, for each device registry that was ever asked: quick, however much is done. */
  backlog(): Promise<Backlog[]>;
  /** The same of what is not done yet of a batch: none where all device registries have all of its units. */
  openOf(batchId: string): Promise<OpenEntries[]>;
  /** Entries that are parked, the oldest first, at most `limit`. */
  parked(limit: number): Promise<ParkedEntry[]>;
  /**
   * Makes due now what is parked, and what is due later after a failure; returns how many entries that were. Pauses end. What seems
   * done keeps its time: a second look is one only if time has passed.
   */
  retry(choice: EntryChoice): Promise<number>;
  /**
   * A person decided that entries which are not done stay as they are, and returns how many there were. The next device registry has
   * its turn: where none is named, what waits for its turn is not meant.
   */
  abandon(choice: EntryChoice, why: { readonly reason: string; readonly by: string }): Promise<number>;
}

/** What is to be done at a device registry about one certificate. */
export interface OutboxEntry {
  readonly entryId: number;
  /** Rises with each change of what is to be done. */
  readonly version: number;
  readonly act: 'put' | 'withdraw';
  /** The last call may have been carried out. */
  readonly isUnknown: boolean;
  /** How often it failed while the device registry was well. */
  readonly ownFailures: number;
  /** All but the names, which the certificate has. */
  readonly device: Omit<Device, 'commonName' | 'organization'>;
}

/** What a call came to for one entry. */
export interface OutboxResult {
  readonly entryId: number;
  readonly version: number;
  /** Absent where it is done. */
  readonly fault?: {
    readonly reason: DeviceRegistryReason;
    readonly message: string;
    readonly isUnknown: boolean;
    /** The device registry is well: the fault is the entry's own. */
    readonly isOwn: boolean;
  };
  /** It seems done: it is sent once more, later, and is done then. */
  readonly isUnsure?: boolean;
  readonly at: number;
  /** The pauses of this device registry, for the next try. */
  readonly pace: Pick<RegistryPace, 'firstPauseMs' | 'longestPauseMs'>;
}

/** How often a device registry failed since it last answered, and until when nothing is sent. */
export interface RegistryStanding {
  readonly failures: number;
  readonly pausedUntil: number;
  /** Why it pauses. */
  readonly reason?: DeviceRegistryReason;
  readonly message?: string;
}

export interface KeptAccount {
  readonly account?: string;
  /** It was not kept before. */
  readonly isNew: boolean;
}

/** `waiting`: due now or later, or after another device registry. */
export interface OpenEntries {
  readonly registry: string;
  readonly waiting: number;
  readonly parked: number;
}

export interface Backlog extends OpenEntries {
  /** Since when the oldest entry that is not done is there; absent where there is none. */
  readonly oldestAt?: number;
  /** The account that has its devices, where one is kept. */
  readonly account?: string;
}

export interface OutboxDepth extends Backlog, RegistryStanding {
  readonly done: number;
  readonly abandoned: number;
}

export interface ParkedEntry {
  readonly registry: string;
  readonly serial: string;
  readonly batchId: string;
  readonly act: 'put' | 'withdraw';
  readonly certificateSha256: string;
  readonly reason: DeviceRegistryReason;
  readonly message: string;
  readonly failedAt: number;
}

/** Which entries are meant; what is absent is not restricted. */
export interface EntryChoice {
  readonly registry?: string;
  readonly serial?: string;
}

/** The longest pause that a device registry may ask for. What is further ahead than this is of a clock that was ahead. */
export const LONGEST_PAUSE_MS = 3_600_000;

/**
 * What seems done is sent once more after this time, in milliseconds: a look may be older than what was done before it, and a
 * question whose answer never came may yet be carried out.
 */
export const SECOND_LOOK_MS = 120_000;

/** After so many failures of its own an entry is parked. With growing pauses that takes some minutes. */
export const FAILURES_UNTIL_PARKED = 8;
