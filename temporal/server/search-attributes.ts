import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { describeGrpcError, hasGrpcStatus } from './grpc-status.ts';
import { TEMPORAL_SERVER_ERROR_CODES, TemporalServerError } from '../program/temporal-server-error.ts';

/** Temporal's names of the types and their numbers in `temporal.api.enums.v1.IndexedValueType`. */
const WIRE_TYPES = { Text: 1, Keyword: 2, Int: 3, Double: 4, Bool: 5, Datetime: 6, KeywordList: 7 } as const;

/** The custom search attributes that a namespace must have: name → type. */
export type SearchAttributes = Readonly<Record<string, keyof typeof WIRE_TYPES>>;

/** A cluster knows a new attribute or namespace after the next refresh of its namespace caches, every 10 s. */
const USABLE_TIMEOUT_MS = 60_000;

/**
 * Registers those of the search attributes that the namespace, which exists, does not have, and waits
 * until all can be used. Throws `TEMPORAL_SEARCH_ATTRIBUTES` when one has another type or may not be registered.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  required: SearchAttributes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const present = await listSearchAttributes(connection, namespace, signal);
  if (present !== undefined) {
    refuseOtherTypes(namespace, required, present);
    const missing = Object.entries(required).filter(([name]) => !(name in present));
    if (missing.length > 0) await register(connection, namespace, Object.fromEntries(missing));
  }
  await waitUntilUsable(connection, namespace, required, signal);
}

/** What the namespace has, name → number of the type; `undefined` where these credentials may not look. */
async function listSearchAttributes(
  connection: Connection,
  namespace: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, number> | undefined> {
  const giveUpAt = Date.now() + USABLE_TIMEOUT_MS;
  for (;;) {
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return { ...customAttributes };
    } catch (error) {
      if (hasGrpcStatus(error, 'PERMISSION_DENIED', 'UNIMPLEMENTED')) return undefined;
      // A new namespace is not in every cache yet.
      if (!hasGrpcStatus(error, 'NOT_FOUND') || Date.now() > giveUpAt) throw error;
    }
    await delay(100, undefined, { signal });
  }
}

function refuseOtherTypes(
  namespace: string,
  required: SearchAttributes,
  present: Record<string, number>,
): void {
  for (const [name, type] of Object.entries(required)) {
    const found = present[name];
    if (found === undefined || found === WIRE_TYPES[type]) continue;
    const other = Object.entries(WIRE_TYPES).find(([, wire]) => wire === found)?.[0] ?? String(found);
    throw new TemporalServerError(
      TEMPORAL_SERVER_ERROR_CODES.SEARCH_ATTRIBUTES,
      `Search attribute ${name} of namespace ${namespace} is ${other} and must be ${type}; use another namespace (TEMPORAL_NAMESPACE).`,
    );
  }
}

async function register(connection: Connection, namespace: string, missing: SearchAttributes): Promise<void> {
  const searchAttributes = Object.fromEntries(
    Object.entries(missing).map(([name, type]) => [name, WIRE_TYPES[type]]),
  );
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    throw unusable(namespace, missing, describeGrpcError(error), error);
  }
}

/** The visibility store accepts a query only if it knows every attribute in it. */
async function waitUntilUsable(
  connection: Connection,
  namespace: string,
  required: SearchAttributes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const names = Object.keys(required);
  const query = names.map((name) => `\`${name}\` IS NOT NULL`).join(' AND ');
  const giveUpAt = Date.now() + USABLE_TIMEOUT_MS;
  while (names.length > 0) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (!hasGrpcStatus(error, 'INVALID_ARGUMENT')) throw error;
      if (Date.now() > giveUpAt) throw unusable(namespace, required, describeGrpcError(error), error);
    }
    await delay(100, undefined, { signal });
  }
}

function unusable(namespace: string, attributes: SearchAttributes, reason: string, cause: unknown): Error {
  const flags = Object.entries(attributes).map(([name, type]) => `--name ${name} --type ${type}`);
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.SEARCH_ATTRIBUTES,
    `Search attributes of namespace ${namespace} are missing and could not be registered (${reason}); have an administrator run: temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`,
    { cause },
  );
}
