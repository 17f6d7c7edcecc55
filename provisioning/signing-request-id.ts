import type { UnitAttempt } from './unit.ts';

/**
 * The id under which a certificate is asked for and kept in the ledger: one for each key of a unit, so that the same
 * request always gets the same certificate. `spkiSha256`: of the SubjectPublicKeyInfo, lower-case hex.
 */
export function signingRequestId(unit: Pick<UnitAttempt, 'batchId' | 'serial'>, spkiSha256: string): string {
  return `${unit.batchId}/${unit.serial}/${spkiSha256}`;
}

/** The same, where a certificate is renewed: its key has one already, under the id of the key. */
export function renewalRequestId(
  unit: Pick<UnitAttempt, 'batchId' | 'serial' | 'attempt'>,
  spkiSha256: string,
): string {
  return `${signingRequestId(unit, spkiSha256)}/${unit.attempt}`;
}
