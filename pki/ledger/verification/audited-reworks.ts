import { foldSerial } from '../../../provisioning/serial-number.ts';
import type { AuditedMembers } from './audited-records.ts';

/** What was released for a unit that passed. */
export interface AuditedRework {
  readonly kind: string;
  readonly order: string;
}

/** A certificate that is announced under a rework. */
export interface AuditedUse {
  /** The order that it counts against; undefined where the log does not say another than that of the batch. */
  readonly order: string | undefined;
  /** It was counted with the release of the rework. */
  readonly isCounted: boolean;
}

/** What the audit log says of reworks, for each unit of them: released, used for a certificate, ended. */
export class AuditedReworks {
  /** By rework and unit, as `reworkKey` names them. */
  readonly released = new Map<string, AuditedRework>();
  readonly used = new Set<string>();
  readonly ended = new Set<string>();
  /** How many units an earlier version released, which did not say which, as `vagueKey` names them. */
  readonly vague = new Map<string, number>();
  /** The orders of each rework that an earlier version released. */
  readonly #vagueOrders = new Map<string, Set<string>>();

  /** Returns how many reissues of the order it uses: none by the entry of an earlier version, where each use counts. */
  release({ reworkId, kind, order, count, serials }: AuditedMembers): number {
    const [id, rework] = [String(reworkId), { kind: String(kind), order: String(order) }];
    if (serials === undefined) {
      const key = vagueKey(id, rework);
      this.vague.set(key, (this.vague.get(key) ?? 0) + Number(count));
      this.#vagueOrders.set(id, (this.#vagueOrders.get(id) ?? new Set()).add(rework.order));
      return 0;
    }
    const named = JSON.parse(String(serials)) as string[];
    for (const serial of named) this.released.set(reworkKey(id, foldSerial(serial)), rework);
    return named.length;
  }

  use(reworkId: string, serial: string): AuditedUse {
    const key = reworkKey(reworkId, foldSerial(serial));
    const isFirst = !this.used.has(key);
    this.used.add(key);
    const released = this.released.get(key);
    const [order, other] = this.#vagueOrders.get(reworkId) ?? [];
    return {
      order: released?.order ?? (other === undefined ? order : undefined),
      isCounted: released !== undefined && isFirst,
    };
  }

  /** Returns the order that has a reissue more left by it. */
  end({ reworkId, serial, returned }: AuditedMembers): string | undefined {
    const key = reworkKey(String(reworkId), foldSerial(String(serial)));
    this.ended.add(key);
    return returned === 1 ? this.released.get(key)?.order : undefined;
  }

  /** Units of reworks under an order that earlier versions released: some of them may count, others not. */
  vagueUnder(order: string): number {
    return [...this.vague].reduce((sum, [key, count]) => (key.endsWith(` ${order}`) ? sum + count : sum), 0);
  }
}

/** A unit of a rework. */
export function reworkKey(reworkId: string, folded: string): string {
  return `${folded} ${reworkId}`;
}

/** A rework of this kind under this order. */
export function vagueKey(reworkId: string, { kind, order }: AuditedRework): string {
  return `${reworkId} ${kind} ${order}`;
}
