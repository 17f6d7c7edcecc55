import { expect, it } from 'vitest';
import { KeptOrders } from '../../../pki/orders/kept-orders.ts';
import type { AdmittedOrder } from '../../../pki/orders/order-desk.ts';

function orderOf(serials: number): AdmittedOrder {
  const list = Array.from({ length: serials }, (_, at) => `CL-${at}`);
  return { order: { order: 'PO' } as AdmittedOrder['order'], serials: new Set(list) };
}

it('keeps what was asked for last, and no more serials than there is room for', () => {
  const kept = new KeptOrders(1_000);
  const [a, b, c] = [orderOf(300), orderOf(300), orderOf(300)];
  kept.keep('A', 'look', a);
  kept.keep('B', 'look', b);
  expect(kept.get('A', 'look')).toBe(a);
  kept.keep('C', 'look', c);
  expect(kept.get('B', 'look')).toBeUndefined();
  expect([kept.get('A', 'look'), kept.get('C', 'look')]).toEqual([a, c]);
});

it('keeps an order that is larger than the room, until another one comes', () => {
  const kept = new KeptOrders(1_000);
  const large = orderOf(5_000);
  kept.keep('A', 'look', large);
  expect(kept.get('A', 'look')).toBe(large);
  kept.keep('B', 'look', orderOf(1));
  expect(kept.get('A', 'look')).toBeUndefined();
});

it('forgets an order whose files look otherwise, and has its room again', () => {
  const kept = new KeptOrders(1_000);
  for (let times = 0; times < 5; times += 1) {
    kept.keep('A', `look ${times}`, orderOf(500));
    expect(kept.get('A', `look ${times + 1}`)).toBeUndefined();
  }
  const [a, b] = [orderOf(300), orderOf(300)];
  kept.keep('A', 'look', a);
  kept.keep('B', 'look', b);
  expect([kept.get('A', 'look'), kept.get('B', 'look')]).toEqual([a, b]);
});
