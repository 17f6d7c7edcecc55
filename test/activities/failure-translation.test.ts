import { describe, expect, it } from 'vitest';
import { toFailure } from '../../activities/failure-translation.ts';
import { FixtureError } from '../../fixtures/fixture-error.ts';
import { RegistryError } from '../../registry/registry-error.ts';
import { SmpError } from '../../smp/smp-error.ts';

describe('the translation of failures', () => {
  it('makes the code the type and keeps the sentence', () => {
    const failure = toFailure(new FixtureError('BOARD_GONE', 'The board left.'), {}, 'STATION_FAULT');
    expect(failure).toMatchObject({ type: 'BOARD_GONE', message: 'The board left.', nonRetryable: false });
  });

  it('is final when the attempts of the code are used up', () => {
    const error = new SmpError('SMP_DEVICE_ERROR', 'The board refuses.');
    expect(
      [0, 1, 2, 3].map(
        (before) => toFailure(error, { SMP_DEVICE_ERROR: before }, 'STATION_FAULT').nonRetryable,
      ),
    ).toEqual([false, false, true, true]);
  });

  it('is never final for bookkeeping, unless trying again is of no use', () => {
    const full = new RegistryError('full', 'The disk is full.');
    expect(toFailure(full, { REGISTRY_UNAVAILABLE: 5_000 }, 'REGISTRY_FAULT', 'endless').nonRetryable).toBe(
      false,
    );
    const conflict = new RegistryError('other-certificate', 'Another one.');
    expect(toFailure(conflict, {}, 'REGISTRY_FAULT', 'endless').nonRetryable).toBe(true);
  });

  it('leaves a claim to another station where this one is at fault, a few times', () => {
    const error = new FixtureError('SIGNER_UNKNOWN', 'The permit is from somebody else.');
    const tried = (before: number) =>
      toFailure(error, { SIGNER_UNKNOWN: before }, 'STATION_FAULT', 'elsewhere');
    expect([0, 1, 2, 3, 4].map((before) => tried(before).nonRetryable)).toEqual([
      false,
      false,
      false,
      false,
      true,
    ]);
    expect(tried(1).nextRetryDelay).toBe(4_000);
    // Another unit's fault is the same everywhere; and who waits for this very station is not helped by another one.
    const taken = new FixtureError('KEY_MISMATCH', 'Another key.');
    expect(toFailure(taken, {}, 'STATION_FAULT', 'elsewhere').nonRetryable).toBe(true);
    expect(toFailure(error, {}, 'STATION_FAULT').nonRetryable).toBe(true);
    const full = new FixtureError('STATION_DISK', 'The disk is full.');
    expect(toFailure(full, { STATION_DISK: 10 }, 'STATION_FAULT', 'elsewhere').nonRetryable).toBe(false);
  });

  it('counts the tries of each code apart', () => {
    const error = new SmpError('SMP_TIMEOUT', 'No answer.');
    expect(toFailure(error, { NO_BOARD: 50, SMP_CRC: 3 }, 'STATION_FAULT').nonRetryable).toBe(false);
  });

  it('waits longer from try to try, up to a minute', () => {
    const error = new SmpError('SMP_TIMEOUT', 'No answer.');
    const delays = [0, 1, 2, 9, 999].map(
      (before) => toFailure(error, { SMP_TIMEOUT: before }, 'STATION_FAULT').nextRetryDelay,
    );
    expect(delays).toEqual([2_000, 4_000, 8_000, 60_000, 60_000]);
  });

  it('never repeats what an unknown error says, nor a stack or a cause', () => {
    const secret = new Error('MHcCAQEEI… leaked', { cause: new Error('key bytes') });
    const failure = toFailure(secret, {}, 'STATION_FAULT');
    expect(failure.type).toBe('STATION_FAULT');
    expect(JSON.stringify(failure) + failure.message + failure.stack).not.toMatch(/MHcC|key bytes/);
    expect(failure.cause).toBeUndefined();
  });

  it('does not take the code of a system error for one of ours', () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    expect(toFailure(full, {}, 'REGISTRY_FAULT').type).toBe('REGISTRY_FAULT');
  });
});
