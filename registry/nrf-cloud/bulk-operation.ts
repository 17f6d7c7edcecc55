import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { notUnderstood } from '../http/http-fault.ts';
import { saidIn } from './nrf-cloud-api.ts';
import type { NrfCloudApi } from './nrf-cloud-api.ts';

/** How often an operation is asked for, as Nordic's own tool does, and for how long. */
export interface BulkPatience {
  readonly pollMs: number;
  readonly patienceMs: number;
}

const startedShape = z.object({ bulkOpsRequestId: z.string().min(1) });
const operationShape = z.object({
  status: z.enum(['PENDING', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED']),
  errorSummaryUrl: z.string().optional(),
});
const summaryShape = z.object({ errors: z.array(z.string()).min(1) });
/** As in "[0]: The device certificate is already registered": rows count from 0. */
const ROW_ERROR = /^\[(\d+)\]:?\s*(.*)$/s;

type Operation = z.infer<typeof operationShape>;

/**
 * Sends CSV rows as one bulk operation, waits for its end, and returns what is wrong with each row; undefined where nothing is.
 * nRF Cloud refuses all rows because of one that is malformed: the halves are then sent by themselves, so that the others arrive.
 */
export async function runBulk(
  api: NrfCloudApi,
  path: string,
  rows: readonly string[],
  patience: BulkPatience,
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  if (rows.length === 0) return [];
  const headers = { 'content-type': 'text/csv' };
  const question = { method: 'POST', path, headers, body: rows.join('') } as const;
  const answer = await api.ask(question, 'take devices', signal, [422]);
  if (answer.status === 422) {
    if (rows.length === 1) return [saidIn(answer)];
    const middle = Math.ceil(rows.length / 2);
    const before = await runBulk(api, path, rows.slice(0, middle), patience, signal);
    return [...before, ...(await runBulk(api, path, rows.slice(middle), patience, signal))];
  }
  const { bulkOpsRequestId } = api.read(startedShape, answer);
  const ended = await endOf(api, bulkOpsRequestId, patience, signal);
  return ended.status === 'SUCCEEDED' ? rows.map(() => undefined) : await rowErrors(api, ended, rows, signal);
}

/** The operation when it has ended. That it cannot be asked for a while does not end the wait: the rows are on their way. */
async function endOf(
  api: NrfCloudApi,
  id: string,
  { pollMs, patienceMs }: BulkPatience,
  signal: AbortSignal,
): Promise<Operation> {
  const path = `/bulk-ops-requests/${encodeURIComponent(id)}`;
  const endAt = Date.now() + patienceMs;
  let pauseMs = pollMs;
  while (Date.now() < endAt) {
    const leftMs = Math.max(endAt - Date.now(), 0);
    await delay(Math.min(pauseMs, leftMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    pauseMs = pollMs;
    try {
      const answer = await api.ask({ method: 'GET', path }, 'show a bulk operation', signal);
      const operation = api.read(operationShape, answer);
      if (operation.status === 'SUCCEEDED' || operation.status === 'FAILED') return operation;
    } catch (error) {
      if (!(error instanceof DeviceRegistryError) || !isPassing(error)) throw error;
      pauseMs = Math.max(pollMs, error.waitMs ?? 0);
    }
  }
  const message = `The registry ${api.name} has not ended the bulk operation ${id} in ${patienceMs / 1_000} s: its devices are sent again.`;
  throw new DeviceRegistryError('unavailable', message, { isUnknown: true });
}

function isPassing({ reason }: DeviceRegistryError): boolean {
  return reason === 'unavailable' || reason === 'throttled';
}

async function rowErrors(
  api: NrfCloudApi,
  { errorSummaryUrl }: Operation,
  rows: readonly string[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  if (errorSummaryUrl === undefined) throw notUnderstood(api.name);
  const { errors } = await api.fetch(errorSummaryUrl, summaryShape, signal);
  const found = new Map<number, string>();
  for (const error of errors) {
    const [, index = '', says = ''] = ROW_ERROR.exec(error) ?? [];
    // Which row it is of cannot be guessed.
    if (index === '' || Number(index) >= rows.length) throw notUnderstood(api.name);
    found.set(Number(index), says);
  }
  return rows.map((_row, index) => found.get(index));
}
