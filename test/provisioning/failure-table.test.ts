import { describe, expect, it } from 'vitest';
import { FIXTURE_CODES } from '../../fixtures/fixture-error.ts';
import { PKI_CODES } from '../../pki/pki-error.ts';
import { FAILURES, hintOf, isFailureCode } from '../../provisioning/failure-table.ts';
import type { FailureRow } from '../../provisioning/failure-table.ts';
import { outcomeOfBlame } from '../../provisioning/outcome.ts';
import { SMP_ERROR_CODES } from '../../smp/smp-error.ts';

/** Codes of rooms that no unit can meet: setting up, calling wrongly, stopping. */
const NOT_OF_A_UNIT = new Set([
  'SMP_INVALID_ARGUMENT',
  'SMP_CANCELLED',
  'SMP_CLOSED',
  'KEY_STAYS',
  'ISSUANCE_UNKNOWN',
  'LEDGER_OLDER',
  'AUDIT_KEY_INVALID',
  'CA_EXISTS',
  'CA_NOT_FOUND',
  'CA_INCONSISTENT',
  'CA_PERMISSIONS',
  'PASSPHRASE_INVALID',
  'PASSPHRASE_WRONG',
  'CRL_INVALID',
  'CRL_EXPIRED',
  'DER_MALFORMED',
  'KEY_FILE_INVALID',
  'VERIFIER_KEY_INVALID',
  'STATION_KEY_INVALID',
  'ROLE_KEY_INVALID',
]);

describe('the failure table', () => {
  it.each([...SMP_ERROR_CODES, ...PKI_CODES, ...FIXTURE_CODES].filter((code) => !NOT_OF_A_UNIT.has(code)))(
    'has a row for %s',
    (code) => {
      expect(isFailureCode(code)).toBe(true);
    },
  );

  it.each(Object.entries(FAILURES))('says of %s what to do, in one sentence', (_code, row) => {
    expect(row.hint).toMatch(/^[A-Z].*[.?!]$/);
    expect(row.hint.length).toBeLessThanOrEqual(100);
    expect(row.attempts).toBeGreaterThanOrEqual(1);
    expect(row.retry === 'never').toBe(row.attempts === 1);
  });

  it.each([
    ['LINK_BUSY', FAILURES.LINK_BUSY.hint],
    ['CODE_OF_A_LATER_VERSION', undefined],
    ['toString', undefined],
    [undefined, undefined],
  ])('has the hint of %s', (code, hint) => {
    expect(hintOf(code)).toBe(hint);
  });

  it('benches what a unit failed on, and boards that must not meet another unit', () => {
    const benched = (codes: [string, FailureRow][]) => codes.filter(([, { benches }]) => benches);
    const ofUnits = Object.entries<FailureRow>(FAILURES).filter(([, { blame }]) => blame === 'unit');
    const ofOthers = Object.entries<FailureRow>(FAILURES).filter(([, { blame }]) => blame !== 'unit');
    expect(benched(ofUnits)).toHaveLength(ofUnits.length);
    expect(
      benched(ofOthers)
        .map(([code]) => code)
        .sort(),
    ).toEqual(['BOARD_BOUND', 'BOARD_COUNTERFEIT', 'BOARD_FOREIGN', 'CSR_REFUSED', 'KEY_REUSED']);
  });

  it('stops a station for what the next unit meets there too, and not for a bad board or unit', () => {
    const stops = Object.entries<FailureRow>(FAILURES).filter(([, { stopsStation }]) => stopsStation);
    expect(new Set(stops.map(([, { blame }]) => blame))).toEqual(new Set(['station', 'signer']));
    expect(stops.map(([code]) => code).sort()).toEqual([
      'CERTIFICATE_WRONG',
      'CSR_REFUSED',
      'KEY_REUSED',
      'REQUEST_INVALID',
      'REQUEST_UNSIGNED',
      'SECRET_MISUSED',
      'SIGNER_UNKNOWN',
      'STATION_CLOCK',
      'STATION_DISK',
      'STATION_REVOKED',
      'STATION_STOPPED',
      'STATION_UNKNOWN',
    ]);
  });

  it("tells an absent board from one that is another unit's", () => {
    expect(FAILURES.BOARD_GONE.hint).toContain('put it back');
    expect(FAILURES.BOARD_TAKEN.hint).toContain('load a different board');
  });

  it('keeps the unit apart from the line', () => {
    expect(outcomeOfBlame('unit')).toBe('FAIL');
    expect(outcomeOfBlame('station')).toBe('ERROR');
    expect(outcomeOfBlame('operator')).toBe('HOLD');
  });

  it('knows no other code', () => {
    for (const code of ['', 'toString', '__proto__', 'smp_timeout', 42, undefined]) {
      expect(isFailureCode(code)).toBe(false);
    }
  });
});
