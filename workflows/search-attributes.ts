import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import type { LineTrouble } from '../provisioning/line-trouble.ts';
import { LINE_STATUS } from '../provisioning/search-attributes.ts';
import type { SearchAttributeName } from '../provisioning/search-attributes.ts';
import type { UnitAttempt } from '../provisioning/unit.ts';

const keyword = (name: SearchAttributeName) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);

const batchKey = keyword('ProvBatch');
const orderKey = keyword('ProvOrder');
const serialKey = keyword('ProvSerial');
const productKey = keyword('ProvProduct');
const statusKey = keyword('ProvStatus');
const stepKey = keyword('ProvStep');
const errorKey = keyword('ProvError');
const stationKey = keyword('ProvStation');

/** Attributes that a batch and its chunks carry from the start. */
export function batchAttributes(batchId: string, order: string): SearchAttributePair[] {
  return [
    { key: batchKey, value: batchId },
    { key: orderKey, value: order },
  ];
}

/** Attributes that a unit carries from the start. */
export function unitAttributes(unit: Omit<UnitAttempt, 'attempt'>): SearchAttributePair[] {
  return [
    ...batchAttributes(unit.batchId, unit.order),
    { key: serialKey, value: unit.serial },
    { key: productKey, value: unit.product },
  ];
}

/** The worst trouble of the line, on a batch; nothing is written while that stays the same. */
export function showLineTrouble(before: LineTrouble | undefined, now: LineTrouble | undefined): void {
  if (before?.code === now?.code && before?.station === now?.station) return;
  showTrouble({
    ...(now !== undefined && { status: LINE_STATUS, error: now.code }),
    ...(now?.station !== undefined && { station: now.station }),
  });
}

/** Exceptions only: each upsert is a billable action. */
export function showTrouble(trouble: {
  status?: string;
  step?: string;
  error?: string;
  station?: string;
}): void {
  upsertSearchAttributes([
    { key: statusKey, value: trouble.status ?? null },
    { key: stepKey, value: trouble.step ?? null },
    { key: errorKey, value: trouble.error ?? null },
    { key: stationKey, value: trouble.station ?? null },
  ]);
}
