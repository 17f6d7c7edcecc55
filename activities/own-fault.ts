import { Context } from '@temporalio/activity';
import type { Station } from '../fixtures/station/station.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';

/** A task at a station: what it fails with, the station hears, since that may be its own fault. */
export async function tellingFaults<T>(station: Station, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (isFailureCode(code)) await tellFault(station, code);
    throw error;
  }
}

/** With what a unit failed whose workflow says so. */
export async function tellFault(station: Station, code: FailureCode): Promise<void> {
  await station.failed(code, Context.current().info.workflowExecution);
}
