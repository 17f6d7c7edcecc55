import type { DeviceRegistryError } from './device-registry-error.ts';

/**
 * A cloud, or another place, that must know which certificates are in use. The registry of record (`registry.ts`) stays the
 * source of truth: it says what each device registry must have, and the outbox brings it there.
 *
 * The idempotency key is the SHA-256 of the certificate. `put` and `withdraw` may be called again with the same device, also
 * at the same time and after a call whose outcome is unknown; the device registry then ends in the same state. A method throws a
 * DeviceRegistryError only where nothing is known of any device of the call, and no other error. No error, and nothing that is logged, contains a credential.
 */
export interface DeviceRegistry {
  /** Its name in the configuration. */
  readonly name: string;
  /**
   * The account there that its devices are in, with its kind, as far as the configuration names it: a device of one account cannot
   * be withdrawn in another. The outbox compares it with the one that it keeps, so a later version must write it in the same way.
   */
  readonly account?: string | undefined;
  readonly guarantees: RegistryGuarantees;
  readonly pace: RegistryPace;
  /** What the device registry has for this certificate. It changes nothing. */
  probe(device: Device, signal: AbortSignal): Promise<Presence>;
  /** Makes the certificates known: at most `pace.devicesPerCall`, an answer for each in their order. */
  put(devices: readonly Device[], signal: AbortSignal): Promise<readonly Answer[]>;
  /**
   * Ends the use of the certificates, as `put` begins it. One that the device registry never had is `unsure`. Of a unit that
   * `continues`, what the device registry has by the unit's names stays, and is good again where an earlier call ended it.
   */
  withdraw(devices: readonly Device[], signal: AbortSignal): Promise<readonly Answer[]>;
  /** Tries each permission that it needs, as far as that changes nothing. */
  check(signal: AbortSignal): Promise<readonly CheckedPermission[]>;
  close(): Promise<void>;
}

/** A certificate of a unit, as device registries need it. Hashes are lower-case hex. */
export interface Device {
  readonly serial: string;
  readonly product: string;
  readonly batchId: string;
  /** Hardware id of its board, lower-case hex. */
  readonly boardId: string;
  /** Subject CN and O of the certificate. */
  readonly commonName: string;
  readonly organization: string;
  /** DER. */
  readonly certificate: Uint8Array;
  /** Of `certificate`: the idempotency key. */
  readonly certificateSha256: string;
  /** Other certificates that the unit has or had: one of them in this one's place is ours, and no conflict. */
  readonly others: readonly string[];
  /** The one of `others` that is in use now, so that the unit's device stays when this certificate is withdrawn. */
  readonly inUse?: string;
  /**
   * No certificate of the unit is in use, and it is being made again, or gets another key: where the CA is trusted, its next
   * certificate must work before it is put.
   */
  readonly continues?: true;
}

/** What a device registry is sure of, whatever its configuration. */
export interface RegistryGuarantees {
  /** Whether a certificate that is signed works there before it is put: the device registry trusts the CA itself. */
  readonly signedIsLive: boolean;
  /** Whether `probe` can find out. Without it, a call whose outcome is unknown is repeated without looking first. */
  readonly canProbe: boolean;
}

/** How fast a device registry may be asked. */
export interface RegistryPace {
  /** At most so many devices in a second, unless the configuration says otherwise. */
  readonly devicesPerSecond: number;
  readonly devicesPerCall: number;
  /** Calls under way at once. */
  readonly callsAtOnce: number;
  /** How long devices are gathered for a call that is not full, in milliseconds. */
  readonly gatherMs: number;
  /** The pauses after failures, in milliseconds: they double from the first to the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/**
 * present: it has this certificate, in use. absent: it has not, or not in use any more. other: in its place it has a certificate
 * that is not the unit's. unknown: it cannot be asked.
 */
export type Presence = 'present' | 'absent' | 'other' | 'unknown';

/**
 * The result of one device of a call. unsure: it seems done. A look said that nothing is to be done, and may be older than what was
 * done before it; or what is under way there may yet undo it. So the outbox sends it once more, later.
 */
export type Answer = 'done' | 'unsure' | DeviceRegistryError;

/** One thing that must be allowed, as in "create devices", and the sentence that says what is wrong where it is not. */
export interface CheckedPermission {
  readonly permission: string;
  readonly fault?: string;
  /** What the try does not prove, where there is no fault. */
  readonly note?: string;
}
