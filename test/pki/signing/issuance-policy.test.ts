import { describe, expect, it } from 'vitest';
import type { Reservation } from '../../../pki/signing/issuances.ts';
import type { OrderStanding } from '../../../pki/orders/order-policy.ts';
import { planReservation } from '../../../pki/signing/issuance-policy.ts';
import type { EarlierIssuance, ReservationFacts } from '../../../pki/signing/issuance-policy.ts';
import type { ReleasedRework } from '../../../pki/signing/reworks.ts';
import { signedOrder } from '../orders/signed-orders.ts';
import { code } from './signing-line.ts';

const RESERVATION: Reservation = {
  requestId: 'r2',
  requestSha256: '',
  batchId: 'b1',
  serial: 'ACME-1',
  product: 'sensor',
  attempt: 2,
  boardId: 'beef',
  spkiSha256: '',
  certificateSerial: '',
  notBefore: '',
  notAfter: '',
  tbs: new Uint8Array(),
  reservedAt: '2026-06-01T12:00:00.000Z',
};

const ORDER: OrderStanding = { ...signedOrder({ reissues: 1 }), released: 1, reissued: 0 };

const UNIT = {
  serial: 'ACME-1',
  product: 'sensor',
  batchId: 'b1',
  withdrawnAttempt: 1,
  permittedAttempt: 1,
  askedAttempt: 0,
  isEnded: false,
  furtherAttempt: 0,
};

const FACTS: ReservationFacts = {
  unit: UNIT,
  order: ORDER,
  quota: 1,
  reserved: 0,
  ofSerial: [],
  onBoard: [],
  keySeen: false,
  lastReservedAt: undefined,
};

const EARLIER: EarlierIssuance = {
  requestId: 'r1',
  batchId: 'b1',
  serial: 'ACME-1',
  attempt: 1,
  boardId: 'beef',
  spkiSha256: 'k1',
  state: 'issued',
  kind: 'first',
};

const PLAIN = { isPending: false, hasOldKey: false };

function plan(facts: Partial<ReservationFacts>): ReturnType<typeof planReservation> {
  return planReservation(RESERVATION, { ...FACTS, ...facts });
}

describe('planReservation', () => {
  it('lets a first certificate through with nothing to displace', () => {
    expect(plan({})).toEqual({ ...PLAIN, kind: 'first', displaced: [] });
  });

  it.each(['signing', 'issued'] as const)('displaces an earlier attempt that is %s', (state) => {
    const earlier = { ...EARLIER, state };
    const displaced = [{ earlier, reason: 'attempt 2' }];
    expect(plan({ ofSerial: [earlier], onBoard: [earlier], reserved: 1 })).toEqual({
      ...PLAIN,
      kind: 'reissue',
      displaced,
    });
  });

  it.each(['superseded', 'revoked'] as const)(
    'lets an attempt that is %s be, but not be repeated',
    (state) => {
      const earlier = { ...EARLIER, state };
      expect(plan({ ofSerial: [earlier] })).toEqual({ ...PLAIN, kind: 'reissue', displaced: [] });
      expect(() => plan({ ofSerial: [{ ...earlier, attempt: 2 }] })).toThrow(code('ALREADY_ISSUED'));
    },
  );

  it('frees no quota with what it displaces: a signature may exist', () => {
    const onBoard: EarlierIssuance = { ...EARLIER, serial: 'OTHER', requestId: 'r0', state: 'signing' };
    expect(plan({ onBoard: [onBoard] }).displaced).toEqual([
      { earlier: onBoard, reason: 'board taken by ACME-1' },
    ]);
    expect(() => plan({ onBoard: [onBoard], reserved: 1 })).toThrow(code('QUOTA_EXCEEDED'));
  });

  it.each([
    ['a released serial', { unit: undefined }, 'NOT_RELEASED'],
    ['this batch', { unit: { ...UNIT, batchId: 'b0' } }, 'NOT_RELEASED'],
    ['a unit that did not end', { unit: { ...UNIT, withdrawnAttempt: 2 } }, 'CERTIFICATE_WITHDRAWN'],
    ['a unit that runs', { unit: { ...UNIT, isEnded: true } }, 'UNIT_ENDED'],
    ['a fresh key', { keySeen: true }, 'KEY_REUSED'],
    ['a clock that goes forward', { lastReservedAt: '2026-06-01T12:05:00.001Z' }, 'CLOCK_WRONG'],
    ['a free board', { onBoard: [{ ...EARLIER, serial: 'OTHER', state: 'active' }] }, 'BOARD_BOUND'],
    ['the same board', { ofSerial: [{ ...EARLIER, boardId: 'cafe', state: 'active' }] }, 'SERIAL_BOUND'],
    ['a unit that has not passed', { ofSerial: [{ ...EARLIER, state: 'active' }] }, 'ALREADY_ISSUED'],
    ['quota', { reserved: 1 }, 'QUOTA_EXCEEDED'],
    ['reissues left', { ofSerial: [EARLIER], order: { ...ORDER, reissued: 1 } }, 'QUOTA_EXCEEDED'],
    ['an order', { order: undefined }, 'ORDER_UNKNOWN'],
    ['an order that is open', { order: { ...ORDER, closedAt: '2026-01-01T00:00:00.000Z' } }, 'ORDER_CLOSED'],
    ['an order from then on', { order: { ...ORDER, opens: '2026-06-01T12:00:00.001Z' } }, 'ORDER_NOT_OPEN'],
    ['an order until then', { order: { ...ORDER, closes: '2026-06-01T12:00:00.000Z' } }, 'ORDER_EXPIRED'],
  ] as const)('wants %s', (_name, facts, refusal) => {
    expect(() => plan(facts)).toThrow(code(refusal));
  });

  describe('in a rework', () => {
    const active: EarlierIssuance = { ...EARLIER, state: 'active', spkiSha256: '' };
    const rework = (kind: ReleasedRework['kind']): ReleasedRework => ({
      reworkId: 'RW-1',
      kind,
      order: 'PO-1',
      isUsed: false,
    });
    const onBoard = [active];
    const ofSerial = [active];

    it('certifies the active key again, and leaves the active certificate until the new one is active', () => {
      const facts = { ofSerial, onBoard, keySeen: true, rework: rework('renew') };
      const pending = { isPending: true, hasOldKey: true, supersedes: 'r1', rework: rework('renew') };
      expect(plan(facts)).toEqual({ kind: 'reissue', displaced: [], ...pending });
      const spkiSha256 = 'other';
      expect(() => plan({ ...facts, ofSerial: [{ ...active, spkiSha256 }] })).toThrow(code('NOT_RELEASED'));
      expect(() => plan({ ...facts, ofSerial: [EARLIER] })).toThrow(code('NOT_RELEASED'));
    });

    it('displaces only the attempt before it that was not proven', () => {
      const unproven: EarlierIssuance = { ...active, requestId: 'r1b', state: 'issued' };
      const facts = { onBoard: [active, unproven], keySeen: true, rework: rework('renew') };
      const { displaced } = planReservation(
        { ...RESERVATION, attempt: 3 },
        { ...FACTS, ...facts, ofSerial: [active, { ...unproven, attempt: 2 }] },
      );
      expect(displaced.map(({ earlier }) => earlier.requestId)).toEqual(['r1b']);
    });

    it('puts the serial on another board in a swap, and in no other', () => {
      const elsewhere = [{ ...active, boardId: 'cafe' }];
      expect(plan({ ofSerial: elsewhere, rework: rework('swap') })).toMatchObject({
        displaced: [],
        isPending: true,
        supersedes: 'r1',
      });
      expect(() => plan({ ofSerial: elsewhere, rework: rework('rekey') })).toThrow(code('SERIAL_BOUND'));
    });

    it('ends the active certificate at once where the board was wiped', () => {
      expect(plan({ ofSerial, onBoard, rework: rework('rekey') })).toMatchObject({
        displaced: [{ earlier: active }],
        isPending: false,
        hasOldKey: false,
        supersedes: 'r1',
      });
      expect(() => plan({ ofSerial, onBoard, keySeen: true, rework: rework('rekey') })).toThrow(
        code('KEY_REUSED'),
      );
    });
  });

  it('allows two clocks five minutes', () => {
    expect(plan({ lastReservedAt: '2026-06-01T12:05:00.000Z' }).kind).toBe('first');
  });
});
