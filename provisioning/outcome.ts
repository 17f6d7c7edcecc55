import type { Blame } from './failure-table.ts';

/**
 * PASS: the unit may ship. FAIL: the unit is bad. ERROR: the line is bad, the unit has no result. HOLD: a person set it
 * aside. FAIL and ERROR are never merged: one is about the unit, the other about the line.
 */
export type Outcome = 'PASS' | 'FAIL' | 'ERROR' | 'HOLD';

/** What a failure says of the unit, by whose fault it is. */
export function outcomeOfBlame(blame: Blame): Exclude<Outcome, 'PASS'> {
  switch (blame) {
    case 'unit':
      return 'FAIL';
    case 'operator':
    case 'manifest':
      return 'HOLD';
    case 'station':
    case 'signer':
    case 'registry':
      return 'ERROR';
  }
}
