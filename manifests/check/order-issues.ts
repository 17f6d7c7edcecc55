import type { OrderQuestion, OrderReply } from '../../provisioning/order-check.ts';
import type { IssueCode } from '../issue-codes.ts';
import { issue } from './issue.ts';
import type { Issue } from './issue.ts';
import type { ManifestRow } from './manifest-row.ts';

/** Asks the signer; it books nothing. */
export type AskOrder = (question: OrderQuestion) => Promise<OrderReply>;

/** Units of one question about an order that lists its serials: about 500 kB. */
const PAGE_UNITS = 5_000;

const CODES: Readonly<Record<string, IssueCode>> = {
  ORDER_UNKNOWN: 'MANIFEST_ORDER_UNKNOWN',
  ORDER_INVALID: 'MANIFEST_ORDER_UNKNOWN',
  ORDER_NOT_OPEN: 'MANIFEST_ORDER_NOT_OPEN',
  ORDER_EXPIRED: 'MANIFEST_ORDER_EXPIRED',
  ORDER_CLOSED: 'MANIFEST_ORDER_CLOSED',
  QUOTA_EXCEEDED: 'MANIFEST_ORDER_QUANTITY',
};

/**
 * Why the order does not allow the manifest: no issue, or one. `rows` are the units, read only if the order lists its
 * serials.
 */
export async function orderIssues(
  question: Omit<OrderQuestion, 'units'>,
  rows: AsyncIterable<ManifestRow>,
  ask: AskOrder,
): Promise<Issue[]> {
  const reply = await ask({ ...question, units: [] });
  if (reply.status === 'refused') return [refusal(question.order, reply)];
  if (!reply.listed) return [];
  let page: { serial: string; product: string }[] = [];
  for await (const { serial, product } of rows) {
    page.push({ serial, product });
    if (page.length < PAGE_UNITS) continue;
    const found = await ask({ ...question, units: page });
    if (found.status === 'refused') return [refusal(question.order, found)];
    page = [];
  }
  const last = await ask({ ...question, units: page });
  return last.status === 'refused' ? [refusal(question.order, last)] : [];
}

/** The signer speaks to those who keep its orders; a planner can only check the file. */
const TO_PLANNER = 'If the file is right, send this answer to the person who signs the orders.';

function refusal(order: string, { code, message }: Extract<OrderReply, { status: 'refused' }>): Issue {
  const expected = `${message} ${TO_PLANNER}`;
  return issue(CODES[code] ?? 'MANIFEST_ORDER_MISMATCH', { column: 'order', value: order }, expected);
}
