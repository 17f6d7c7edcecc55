import { AUDIT_GENESIS, auditHash } from '../audit/audit-chain.ts';
import type { AuditEntry } from '../audit/audit-chain.ts';

/** An entry of the audit log, as its JSON says it. */
export type AuditedMembers = Readonly<Record<string, string | number>>;

/** A batch, as the audit log says it. */
export interface AuditedBatch {
  readonly order: string;
  readonly quota: number;
  readonly manifestSha256: string;
  serials: number;
  /** Certificates that use its quota, and its order's reissues. */
  first: number;
  reissues: number;
  /** All certificates of its serials, also those under another order. */
  issuances: number;
  returned: number;
  isWithdrawn: boolean;
  /** Whether the log says of each of its units when it came and went. */
  isCounted: boolean;
}

/** Serials that one entry released. */
export interface AuditedRelease {
  readonly batchId: string;
  readonly sha256: string;
}

/** A station, as the audit log says it. */
export interface AuditedStation {
  readonly verifier: string;
  readonly perMinute: number;
  state: string;
}

const STATION_STATES: Readonly<Record<string, string>> = {
  'station-stopped': 'stopped',
  'station-revoked': 'revoked',
  'station-enrolled': 'enrolled',
};

/**
 * What a ledger must contain, by its audit log alone: orders, batches and stations, and how much of them is used. It is fed
 * the entries one after the other, and checks that each follows from the one before.
 */
export class AuditedRecords {
  #size = 0;
  #hash = AUDIT_GENESIS;
  readonly orders = new Map<string, AuditedMembers>();
  readonly closed = new Set<string>();
  readonly batches = new Map<string, AuditedBatch>();
  readonly releases = new Map<number, AuditedRelease>();
  readonly stations = new Map<string, AuditedStation>();
  clockAcceptances = 0;
  /** Orders under which each rework was released. */
  readonly #reworks = new Map<string, Set<string>>();
  /** Units that were released for a rework under each order, and certificates of other orders' batches under it. */
  readonly reworked = new Map<string, number>();
  readonly foreignReissues = new Map<string, number>();
  /** Ledgers before version 6 counted otherwise. */
  isCountable = true;

  /** The members of the entry; undefined where it does not follow from the one before. */
  add({ seq, body, hash }: AuditEntry): AuditedMembers | undefined {
    if (seq !== this.#size + 1 || auditHash(this.#hash, seq, body) !== hash) return undefined;
    [this.#size, this.#hash] = [seq, hash];
    const members = JSON.parse(body) as AuditedMembers;
    this.#take(seq, members);
    return members;
  }

  #take(seq: number, members: AuditedMembers): void {
    const { event } = members;
    const id = String(members['batchId'] ?? members['stationId'] ?? members['order']);
    const batch = this.batches.get(id);
    switch (String(event)) {
      case 'order-admitted':
        this.orders.set(id, members);
        return;
      case 'order-closed':
        this.closed.add(id);
        return;
      case 'batch-released':
        this.batches.set(id, newBatch(members));
        return;
      case 'serials-released':
        this.releases.set(seq, { batchId: id, sha256: String(members['sha256']) });
        if (batch !== undefined) batch.serials += Number(members['count']);
        return;
      case 'batch-withdrawn':
        this.#withdraw(seq, id, members);
        return;
      case 'serials-returned':
        this.releases.set(seq, { batchId: id, sha256: String(members['sha256']) });
        if (batch !== undefined) batch.isCounted = false;
        return;
      case 'attempts-released':
        if (batch !== undefined) batch.isCounted = false;
        return;
      case 'signing':
        if (batch !== undefined) this.#count(batch, members);
        return;
      case 'rework-released':
        this.#addRework(members);
        return;
      case 'station-admitted':
        this.stations.set(id, {
          verifier: String(members['verifier']),
          perMinute: Number(members['perMinute']),
          state: 'enrolled',
        });
        return;
      case 'station-stopped':
      case 'station-revoked':
      case 'station-enrolled': {
        const station = this.stations.get(id);
        if (station !== undefined) station.state = STATION_STATES[String(event)]!;
        return;
      }
      case 'clock-accepted':
        this.clockAcceptances += 1;
        return;
      case 'reserved':
      case 'void':
        this.isCountable = false;
        return;
      default:
    }
  }

  /** A certificate under a rework may be of another order than its batch. */
  #count(batch: AuditedBatch, { kind, reworkId }: AuditedMembers): void {
    batch.issuances += 1;
    const [order, other] = this.#reworks.get(String(reworkId)) ?? [];
    const under = order === undefined || other !== undefined ? batch.order : order;
    if (under === batch.order) batch[kind === 'first' ? 'first' : 'reissues'] += 1;
    if (under !== batch.order) this.foreignReissues.set(under, (this.foreignReissues.get(under) ?? 0) + 1);
  }

  #addRework(members: AuditedMembers): void {
    const [id, order] = [String(members['reworkId']), String(members['order'])];
    this.#reworks.set(id, (this.#reworks.get(id) ?? new Set()).add(order));
    this.reworked.set(order, (this.reworked.get(order) ?? 0) + Number(members['count']));
  }

  /** The serials that are left are those of the withdrawal itself. */
  #withdraw(seq: number, batchId: string, members: AuditedMembers): void {
    const batch = this.batches.get(batchId);
    if (batch === undefined) return;
    for (const [entry, release] of this.releases)
      if (release.batchId === batchId) this.releases.delete(entry);
    this.releases.set(seq, { batchId, sha256: String(members['sha256']) });
    batch.serials = Number(members['count']);
    batch.returned += Number(members['returned']);
    batch.isWithdrawn = true;
  }
}

function newBatch(members: AuditedMembers): AuditedBatch {
  return {
    order: String(members['order']),
    quota: Number(members['quota']),
    manifestSha256: String(members['manifestSha256']),
    serials: 0,
    first: 0,
    reissues: 0,
    issuances: 0,
    returned: 0,
    isWithdrawn: false,
    isCounted: true,
  };
}
