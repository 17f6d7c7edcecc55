import { AUDIT_GENESIS, auditHash } from '../../audit/audit-chain.ts';
import type { AuditEntry } from '../../audit/audit-chain.ts';
import { AuditedReworks } from './audited-reworks.ts';
import { AuditedUnits } from './audited-units.ts';

/** An entry of the audit log, as its JSON says it. */
export type AuditedMembers = Readonly<Record<string, string | number>>;

/** A batch, as the audit log says it. */
export interface AuditedBatch {
  readonly order: string;
  readonly quota: number;
  /** Undefined in the entry of a version that did not say it. */
  readonly manifestSha256: string | undefined;
  /** The version that released it says by which entry each of its serials was released. */
  readonly isStamped: boolean;
  serials: number;
  /** Certificates that use its quota, and its order's reissues. */
  first: number;
  reissues: number;
  /** All certificates of its serials, also those under another order. */
  issuances: number;
  returned: number;
  isWithdrawn: boolean;
  /** Whether the log says how many units came and went: entries of earlier versions do not. */
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

/** A key of a station that another one took the place of. */
export interface AuditedStationKey {
  readonly stationId: string;
  readonly verifier: string;
  readonly issuanceSeq: number;
  readonly state: string;
}

/** The newest issuance when a person accepted the clock; its place is undefined in the entry of an earlier version. */
export interface AuditedClock {
  readonly issuanceSeq: number | undefined;
  /** ISO 8601; empty where nothing was issued. */
  readonly lastReservedAt: string;
}

/** The revocation lists of one issuer. */
export interface AuditedLists {
  readonly count: number;
  /** Of the newest list: its number, and which withdrawals it contains; undefined in the entry of an earlier version. */
  readonly number: number;
  readonly mark: string | undefined;
}

const STATION_STATES: Readonly<Record<string, string>> = {
  'station-stopped': 'stopped',
  'station-revoked': 'revoked',
  'station-enrolled': 'enrolled',
};

/**
 * What a ledger must contain, by its audit log alone: orders, batches and stations, how much of them is used, and what may
 * be made of units and certificates. It is fed the entries one after the other, and checks that each follows from the one
 * before. Only what most units never have is kept for each of them.
 */
export class AuditedRecords {
  #size = 0;
  #hash = AUDIT_GENESIS;
  readonly orders = new Map<string, AuditedMembers>();
  readonly closed = new Set<string>();
  readonly batches = new Map<string, AuditedBatch>();
  readonly releases = new Map<number, AuditedRelease>();
  readonly stations = new Map<string, AuditedStation>();
  /** By the entry that gave the station another one. Entries of earlier versions do not say so. */
  readonly replacedKeys = new Map<number, AuditedStationKey>();
  readonly units = new AuditedUnits();
  readonly reworks = new AuditedReworks();
  /** Reissues that are used of each order. */
  readonly reissued = new Map<string, number>();
  /** Requests whose certificates are on hold. */
  readonly held = new Set<string>();
  /** Revocation lists, by the fingerprint of their issuer. */
  readonly lists = new Map<string, AuditedLists>();
  /** Each time that a person accepted the clock. */
  readonly clockAcceptances: AuditedClock[] = [];
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
      case 'serials-freed':
        this.units.free(members);
        return;
      case 'serials-returned':
        this.releases.set(seq, { batchId: id, sha256: String(members['sha256']) });
        this.#return(seq, batch, members);
        return;
      case 'attempts-released':
        this.#takeBack(batch, this.units.release(seq, members));
        return;
      case 'attempt-permitted':
        this.units.permit(seq, members);
        return;
      case 'unit-withdrawn':
        this.units.withdraw(seq, members);
        return;
      case 'signing':
        if (batch !== undefined) this.#count(batch, members);
        return;
      case 'rework-released':
        this.#reissue(id, this.reworks.release(members));
        return;
      case 'rework-ended': {
        const order = this.reworks.end(members);
        if (order !== undefined) this.#reissue(order, -1);
        return;
      }
      case 'held':
        this.held.add(String(members['requestId']));
        return;
      case 'hold-ended':
      case 'superseded':
      case 'revoked':
        this.held.delete(String(members['requestId']));
        return;
      case 'crl-numbered':
        this.#addList(members);
        return;
      case 'station-admitted':
        this.#admitStation(seq, id, members);
        return;
      case 'station-stopped':
      case 'station-revoked':
      case 'station-enrolled': {
        const station = this.stations.get(id);
        if (station !== undefined) station.state = STATION_STATES[String(event)]!;
        return;
      }
      case 'clock-accepted':
        this.clockAcceptances.push({
          issuanceSeq: numberIn(members, 'issuanceSeq'),
          lastReservedAt: String(members['lastReservedAt'] ?? ''),
        });
        return;
      case 'reserved':
      case 'void':
        this.isCountable = false;
        return;
      default:
    }
  }

  /** A certificate under a rework may be of another order than its batch, and counted when the rework was released. */
  #count(batch: AuditedBatch, { kind, serial, reworkId }: AuditedMembers): void {
    batch.issuances += 1;
    const use = reworkId === undefined ? undefined : this.reworks.use(String(reworkId), String(serial));
    const order = use?.order ?? batch.order;
    if (order === batch.order) batch[kind === 'first' ? 'first' : 'reissues'] += 1;
    if (kind !== 'first' && use?.isCounted !== true) this.#reissue(order, 1);
  }

  #reissue(order: string, by: number): void {
    this.reissued.set(order, (this.reissued.get(order) ?? 0) + by);
  }

  #return(seq: number, batch: AuditedBatch | undefined, members: AuditedMembers): void {
    const isNamed = this.units.return(seq, members);
    if (batch === undefined) return;
    batch.isCounted &&= isNamed;
    batch.returned += Number(members['returned']);
    batch.serials = numberIn(members, 'released') ?? batch.serials;
  }

  #takeBack(batch: AuditedBatch | undefined, units: number | undefined): void {
    if (batch === undefined) return;
    batch.isCounted &&= units !== undefined;
    batch.returned -= units ?? 0;
  }

  #admitStation(seq: number, stationId: string, members: AuditedMembers): void {
    const earlier = this.stations.get(stationId);
    const issuanceSeq = numberIn(members, 'issuanceSeq');
    if (earlier !== undefined && issuanceSeq !== undefined) {
      const { verifier, state } = earlier;
      this.replacedKeys.set(seq, { stationId, verifier, issuanceSeq, state });
    }
    this.stations.set(stationId, {
      verifier: String(members['verifier']),
      perMinute: Number(members['perMinute']),
      state: 'enrolled',
    });
  }

  #addList(members: AuditedMembers): void {
    const issuer = String(members['issuer']);
    const mark = members['mark'] === undefined ? undefined : String(members['mark']);
    const count = (this.lists.get(issuer)?.count ?? 0) + 1;
    this.lists.set(issuer, { count, number: Number(members['number']), mark });
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
    this.units.withdrawBatch(seq, members);
  }
}

function newBatch(members: AuditedMembers): AuditedBatch {
  return {
    order: String(members['order']),
    quota: Number(members['quota']),
    manifestSha256: members['manifestSha256'] === undefined ? undefined : String(members['manifestSha256']),
    isStamped: members['intake'] !== undefined,
    serials: 0,
    first: 0,
    reissues: 0,
    issuances: 0,
    // Units that were given back before the batch was released.
    returned: Number(members['returned'] ?? 0),
    isWithdrawn: false,
    isCounted: true,
  };
}

function numberIn(members: AuditedMembers, name: string): number | undefined {
  return members[name] === undefined ? undefined : Number(members[name]);
}
