import { auditIsWhole } from '../end-to-end/record-invariants.ts';
import * as audit from './audit-checks.ts';
import * as certificates from './certificate-checks.ts';
import type { RecordPlaces } from './load-places.ts';
import { openedNote } from './opened-note.ts';
import { opensslAcceptsAll, opensslHeedsTheList } from './openssl-checks.ts';
import { readRecords } from './record-evidence.ts';
import type { RecordEvidence } from './record-evidence.ts';
import { oneEndForEachUnit, recalledRequests, withinTheOrders } from './unit-checks.ts';

/** What was judged: how much of it there was, and what does not hold, each with the number of its invariant. */
export interface Judgement {
  readonly violations: readonly string[];
  readonly issuances: number;
  readonly certificates: number;
  readonly signatures: number;
  readonly auditEntries: number;
  readonly refusals: number;
  readonly registered: number;
  /** Units that passed and whose certificate was revoked by hand: the registry is not told, by design. */
  readonly recalled: number;
}

const CHECKS: readonly ((evidence: RecordEvidence) => string[])[] = [
  oneEndForEachUnit,
  certificates.oneKeyForEachIssuance,
  audit.certificatesAreIntended,
  audit.signaturesAreCounted,
  audit.issuedWereSigned,
  certificates.oneNumberForEachIssuance,
  withinTheOrders,
  ordersAreSigned,
  certificates.withdrawnAreListed,
  certificates.registryIsOfLedger,
  opensslHeedsTheList,
  auditIsWhole,
  audit.checkpointsExtend,
  audit.auditAgreesWithLedger,
  certificates.certificatesKeepTheProfile,
  opensslAcceptsAll,
];

/**
 * Judges a signer that is down, by what it, its registry, its witness and the counter at its key left on disk: invariants 1,
 * 4, 5, 6, 7, 9, 12 and 13 of the reference. Nothing but files is read, and none of it by the code that wrote it.
 */
export function judgeRecords(places: RecordPlaces): Judgement {
  const evidence = readRecords(places);
  const { issuances, journal, events, registered } = evidence;
  return {
    violations: CHECKS.flatMap((check) => check(evidence)),
    issuances: issuances.length,
    certificates: issuances.filter(({ certificate }) => certificate !== null).length,
    signatures: journal.filter(({ event }) => event === 'signature').length,
    auditEntries: events.length,
    refusals: events.filter(({ event }) => event === 'refused').length,
    registered: registered.length,
    recalled: recalledRequests(evidence).size,
  };
}

/** 7: what was released stands in an order that a trusted release key signed. */
function ordersAreSigned({ batches, orders, releaseKeys }: RecordEvidence): string[] {
  const used = new Set(batches.map(({ order }) => `${order}.order`));
  return orders
    .filter(({ name, text }) => used.has(name) && openedNote(text, releaseKeys) === undefined)
    .map(({ name }) => `7: no release key signed ${name}`);
}
