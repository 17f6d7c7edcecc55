import type { SearchAttributeName } from '../../provisioning/search-attributes.ts';
import { UNIT_STATUS } from '../../provisioning/search-attributes.ts';

/** Visibility queries for the Temporal UI, as somebody would type them. */
export function unitsOf(batchId: string): string {
  return both(is('ProvBatch', batchId), 'WorkflowType="unit"');
}

/** Units that wait for a decision: their workflows run, as those of units under way do. */
export function waitingUnitsOf(
  batchId: string,
  only: { readonly code?: string; readonly station?: string } = {},
): string {
  return both(
    unitsOf(batchId),
    is('ProvStatus', UNIT_STATUS.attention),
    ...(only.code === undefined ? [] : [is('ProvError', only.code)]),
    ...(only.station === undefined ? [] : [is('ProvStation', only.station)]),
  );
}

/** Units under way: they wait for no person. */
export function workingUnitsOf(batchId: string): string {
  return both(unitsOf(batchId), 'ExecutionStatus="Running"', 'ProvStatus IS NULL');
}

/** Units that ended, and did not pass. */
export function lostUnitsOf(batchId: string): string {
  return both(unitsOf(batchId), 'ExecutionStatus!="Running"', 'ExecutionStatus!="Completed"');
}

function is(attribute: SearchAttributeName, value: string): string {
  return `${attribute}="${value.replaceAll('"', '')}"`;
}

function both(...parts: readonly string[]): string {
  return parts.join(' AND ');
}
