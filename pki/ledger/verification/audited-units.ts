import { foldSerial } from '../../../provisioning/serial-number.ts';
import type { AuditedMembers } from './audited-records.ts';

/** The attempts at a unit, as the audit log says them. */
export interface AuditedUnit {
  /** The last entry about them. */
  readonly entry: number;
  readonly withdrawn: number;
  readonly isEnded: boolean;
  readonly further: number;
  readonly run: string | undefined;
  readonly permitted: number;
  readonly asked: number;
  /** An earlier version wrote an entry about them that does not say all: more may be withdrawn, and it may have ended. */
  readonly isVague: boolean;
}

/** A unit that is released, and nothing else happened to it. */
export const FRESH_UNIT: AuditedUnit = {
  entry: 0,
  withdrawn: 0,
  isEnded: false,
  further: 0,
  run: undefined,
  permitted: 1,
  asked: 0,
  isVague: false,
};

/**
 * What the audit log says of units one by one: which attempts may be made at them, and which of them were given back.
 * Those that passed at once are not among them, and need no memory.
 */
export class AuditedUnits {
  /** By the folded serial. */
  readonly units = new Map<string, AuditedUnit>();
  /** Supplements before units were given back that are not needed again since, by `returnedKey`. */
  readonly returned = new Map<string, number>();
  /** Runs of further attempts that an earlier version released, which did not say for which units. */
  readonly vagueRuns = new Set<string>();
  /** Whether an earlier version has given units back, and did not say which. */
  hasVagueReturns = false;
  #vagueRemoval = 0;

  withdraw(entry: number, { serial, attempt, ended }: AuditedMembers): void {
    this.#change(entry, String(serial), ({ withdrawn, isVague }) => ({
      withdrawn: Math.max(withdrawn, Number(attempt)),
      isEnded: ended === 1,
      isVague: isVague || ended === undefined,
    }));
  }

  /** An earlier version did not say which attempt the intake had asked for: not more than it permitted. */
  permit(entry: number, { serial, attempt, asked = attempt }: AuditedMembers): void {
    const permitted = Number(attempt);
    this.#change(entry, String(serial), () => ({ permitted, asked: Number(asked), isEnded: false }));
  }

  /** Further attempts. Returns how many of the units had been given back; undefined where an earlier version wrote the entry. */
  release(entry: number, { batchId, run, units }: AuditedMembers): number | undefined {
    if (units === undefined) {
      this.vagueRuns.add(String(run));
      this.hasVagueReturns = true;
      return undefined;
    }
    let takenBack = 0;
    for (const [serial, attempt] of JSON.parse(String(units)) as [string, number][]) {
      const next = { withdrawn: attempt - 1, isEnded: false, further: attempt, run: String(run) };
      this.#change(entry, serial, () => ({ ...next, isVague: false }));
      if (this.returned.delete(returnedKey(String(batchId), foldSerial(serial)))) takenBack += 1;
    }
    return takenBack;
  }

  /**
   * Units that were given back. Of those that another batch has, nothing changes there. False where an earlier version wrote the
   * entry, and did not say which.
   */
  return(entry: number, { batchId, serials, supplements, elsewhere = '[]' }: AuditedMembers): boolean {
    if (serials === undefined) {
      this.hasVagueReturns = true;
      this.#vagueRemoval = entry;
      return false;
    }
    const ofOthers = new Set(JSON.parse(String(elsewhere)) as string[]);
    for (const serial of JSON.parse(String(serials)) as string[]) {
      if (!ofOthers.has(serial)) this.units.delete(foldSerial(serial));
      this.returned.set(returnedKey(String(batchId), foldSerial(serial)), Number(supplements));
    }
    return true;
  }

  /** Units of a batch that a person took back, to which something had happened. */
  free({ serials }: AuditedMembers): void {
    for (const serial of JSON.parse(String(serials)) as string[]) this.units.delete(foldSerial(serial));
  }

  /** A person took back a batch. An earlier version did not say which of its units something had happened to. */
  withdrawBatch(entry: number, { freed }: AuditedMembers): void {
    if (freed === undefined) this.#vagueRemoval = entry;
  }

  /**
   * Whether a unit may be another one than the log says, because an earlier version did not say that it was taken back:
   * it is not released, or by a later entry.
   */
  mayBeReleasedAgain({ entry }: AuditedUnit, releasedBy: number | undefined): boolean {
    if (entry === FRESH_UNIT.entry || entry > this.#vagueRemoval) return false;
    return releasedBy === undefined || releasedBy > entry;
  }

  #change(
    entry: number,
    serial: string,
    change: (before: AuditedUnit) => Partial<Omit<AuditedUnit, 'entry'>>,
  ): void {
    const before = this.units.get(foldSerial(serial)) ?? FRESH_UNIT;
    this.units.set(foldSerial(serial), { ...before, ...change(before), entry });
  }
}

/** A unit among those that were given back. */
export function returnedKey(batchId: string, folded: string): string {
  return `${folded} ${batchId}`;
}
