import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { inject } from 'vitest';
import { ensureSearchAttributes } from '../../temporal/server/search-attributes.ts';
import type { SearchAttributes } from '../../temporal/server/search-attributes.ts';
import type { TemporalConnectionOptions } from '../../temporal/server/temporal-server.ts';
import { askFor } from './once-a-run.ts';

/** The suite's one real Temporal server, as seen from a test. */
export interface TestServer {
  readonly address: string;
  /** A namespace that nobody else uses. */
  readonly namespace: string;
  readonly connectionOptions: TemporalConnectionOptions;
}

/**
 * The Temporal dev server that all test files share, on a fresh database, started when the first test asks and stopped
 * after the last; with a fresh namespace for the caller, so that workflow ids such as `unit/<serial>` meet no others.
 */
export async function testServer(searchAttributes: SearchAttributes = {}): Promise<TestServer> {
  const address = await askFor(inject('temporalServerSocket'));
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    const workflowExecutionRetentionPeriod = msToTs('1 day');
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
    await ensureSearchAttributes(connection, namespace, searchAttributes, undefined);
  } finally {
    await connection.close();
  }
  return { address, namespace, connectionOptions: { address } };
}

/** What an administrator does who takes a namespace away from those who work in it. */
export async function deleteNamespace(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.operatorService.deleteNamespace({ namespace });
  } finally {
    await connection.close();
  }
}
