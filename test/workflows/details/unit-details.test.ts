import { describe, expect, it } from 'vitest';
import { unitDetails } from '../../../workflows/details/unit-details.ts';
import type { UnitView } from '../../../workflows/details/unit-details.ts';

const claim = { stationId: 'st-1', socket: '3', boardId: 'b015' };
const fingerprint = 'ab'.repeat(32);

function view(more: Partial<UnitView>): UnitView {
  const unit = { namespace: 'default', batchId: 'PO-1-a3', serial: 'CL-1', attempt: 1 } as const;
  return {
    ...unit,
    step: 'generateKeypair',
    isProven: false,
    isStationSilent: false,
    isWaiting: false,
    ...more,
  };
}

describe('the current details of a unit', () => {
  it('say which step is under way, and where', () => {
    expect(unitDetails(view({ step: 'flashCredentials', ...claim, fingerprint })).split('\n')).toEqual([
      '**CL-1**: under way, attempt 1, step 3 of 5, `flashCredentials`',
      '',
      '- Where: station `st-1`, socket `3`',
      '- Board: `b015`, it carries a key, and perhaps certificate `abababababababab`, which is not proven',
      '- Batch: [PO-1-a3](/namespaces/default/workflows/batch%2FPO-1-a3)',
    ]);
    expect(unitDetails(view({}))).toContain(
      '- Board: none was claimed in this attempt, the unit waits for one',
    );
  });

  it('say what happened in its own words, where, what is known of the board, and which Update to send', () => {
    const message = 'crt.der reads back as 0 other octets instead of the `497`';
    const details = unitDetails(
      view({
        step: 'verifyReadback',
        ...claim,
        fingerprint,
        isWaiting: true,
        failure: { code: 'READ_BACK_DIFFERS', message },
      }),
    );
    expect(details.split('\n')).toEqual([
      '**CL-1 waits for a decision**: attempt 1 failed at `verifyReadback`',
      '',
      "- What happened: `READ_BACK_DIFFERS`, `crt.der reads back as 0 other octets instead of the '497'`",
      '- Where: station `st-1`, socket `3`',
      '- Board: `b015`, it carries a key, and perhaps certificate `abababababababab`, which is not proven. The station does not use it again before it is taken out',
      '- Batch: [PO-1-a3](/namespaces/default/workflows/batch%2FPO-1-a3)',
      '',
      '**What to do**: The board does not hold what was written: replace the board.',
      '',
      'Then send one of these Updates to this workflow, each with or without this argument:',
      '',
      '- `{"reason": "board replaced", "by": "A. Berg"}`',
      '- `retry` makes a new key and a new certificate',
      '- `skip` leaves the unit out of its batch (HOLD), `scrap` ends it as bad (FAIL); both revoke its certificate',
    ]);
  });

  it('say of a proven board that only its registration is repeated', () => {
    const failure = { code: 'REGISTRY_FAULT' } as const;
    const proven = { ...claim, fingerprint, isProven: true, isWaiting: true, failure };
    const details = unitDetails(view({ step: 'registerDevice', ...proven }));
    expect(details).toContain('- Board: `b015`, proven: it carries its key and certificate');
    expect(details).toContain('- `retry` repeats the registration only');
    expect(details).toContain('its tile said PASS, so take board `b015` back from the good tray');
  });

  it('say that the station is silent, and what the attempt before failed with', () => {
    const failure = { code: 'BOARD_GONE' } as const;
    const details = unitDetails(
      view({ attempt: 2, step: 'flashCredentials', ...claim, isStationSilent: true, failure }),
    );
    expect(details).toMatch(/^- `STATION_UNREACHABLE`: station `st-1` does not take its task/m);
    expect(details).toMatch(/^- The attempt before: `BOARD_GONE`, The board is no longer in its socket/m);
  });

  it('say who ended it, and why', () => {
    const decision = {
      verdict: 'scrap',
      by: 'A. Berg',
      reason: 'cracked',
      decidedAt: '2026-11-29T10:00:00Z',
    };
    const end = { outcome: 'FAIL', decision } as const;
    expect(unitDetails(view({ attempt: 2, end })).split('\n')[0]).toBe(
      '**CL-1: FAIL** after 2 attempts, `scrap` by `A. Berg`, because: `cracked`',
    );
    expect(unitDetails(view({ end: { outcome: 'PASS' } })).split('\n')[0]).toBe(
      '**CL-1: PASS** after 1 attempt',
    );
  });
});
