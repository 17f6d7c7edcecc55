import * as certificates from './certificate-invariants.ts';
import { readEvidence } from './line-evidence.ts';
import type { LinePlaces } from './line-evidence.ts';
import * as records from './record-invariants.ts';

/**
 * What must hold of a line that is quiet and down, whatever happened to it: judged by what lies on disk, with nothing
 * of the line's own code. Returns what does not hold, each with its number in the list of invariants (1: outcomes, 2:
 * boards, 4: keys, 6: numbers, 7: quantities, 8 and 9: registry and ledger, 10: board and serial, 11: nothing open, 12:
 * audit, 13: profile, 14: answers); empty is good.
 */
export function violations(places: LinePlaces): string[] {
  const evidence = readEvidence(places);
  const invariants = [...Object.values(records), ...Object.values(certificates)];
  return invariants.flatMap((invariant) => invariant(evidence));
}
