import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { KeySearch } from './key-search.ts';

/** A worker answers at once; a workflow without one never would. */
const QUERY_MS = 3_000;

/**
 * Searches all that the server tells of a namespace: histories, pending activities, memos, attributes, details. Returns
 * how many workflows there were, and of how many a worker told the current details.
 */
export async function searchTemporal(
  client: Client,
  search: KeySearch,
): Promise<{ workflows: number; details: number }> {
  let workflows = 0;
  let answers = 0;
  for await (const { workflowId, raw } of client.workflow.list()) {
    workflows++;
    searchMessage(search, `list entry of ${workflowId}`, raw);
    const handle = client.workflow.getHandle(workflowId);
    const history = await handle.fetchHistory();
    // The payloads as they are, then everything as the command line and the web page show it.
    searchMessage(search, `history of ${workflowId}`, history);
    search.inText(`history of ${workflowId} as JSON`, historyToJSON(history));
    searchMessage(search, `description of ${workflowId}`, (await handle.describe()).raw);
    const details = await client.connection
      .withDeadline(Date.now() + QUERY_MS, () => handle.query('__temporal_workflow_metadata'))
      .catch(() => undefined);
    if (details !== undefined) answers++;
    searchMessage(search, `current details of ${workflowId}`, details);
  }
  return { workflows, details: answers };
}

/** Every text and every run of octets in a message, however deep, and the whole of it as JSON. */
export function searchMessage(search: KeySearch, place: string, message: unknown): void {
  if (message instanceof Uint8Array) search.inBytes(place, message);
  else if (typeof message === 'string') search.inText(place, message);
  else if (typeof message === 'object' && message !== null) {
    for (const value of Object.values(message)) searchMessage(search, place, value);
  }
}
