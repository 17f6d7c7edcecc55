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

/** How many attributes of a type a namespace may have where visibility is in SQL; other stores have no limit. */
const SQL_COLUMNS: Readonly<Record<keyof typeof WIRE_TYPES, number>> = {
  Text: 3,
  Keyword: 10,
  Int: 3,
  Double: 3,
  Bool: 3,
  Datetime: 3,
  KeywordList: 3,
};

/**
 * Registers those of the search attributes that the namespace, which exists, does not have, all or none, and waits
 * until all can be used. Throws `TEMPORAL_SEARCH_ATTRIBUTES` when one has another type or may not be registered.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  required: SearchAttributes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const present = await listSearchAttributes(connection, namespace, signal);
  const missing = missingIn(namespace, required, present);
  if (missing !== undefined) await register(connection, namespace, missing, present!);
  await waitUntilUsable(connection, namespace, required, signal);
}

/**
 * Sees that the namespace has the search attributes, and that they can be used; it registers none. Throws
 * `TEMPORAL_SEARCH_ATTRIBUTES` when one is missing or has another type.
 */
export async function checkSearchAttributes(
  connection: Connection,
  namespace: string,
  required: SearchAttributes,
  signal: AbortSignal | undefined,
): Promise<void> {
  const present = await listSearchAttributes(connection, namespace, signal);
  const missing = missingIn(namespace, required, present);
  if (missing !== undefined) {
    const why = `are missing, and only the orchestrator registers them${roomFor(missing, present!)}: start it`;
    throw unusable(namespace, missing, why);
  }
  await waitUntilUsable(connection, namespace, required, signal);
}

/** Undefined where none is, or where these credentials may not look. */
function missingIn(
  namespace: string,
  required: SearchAttributes,
  present: Record<string, number> | undefined,
): SearchAttributes | undefined {
  if (present === undefined) return undefined;
  refuseOtherTypes(namespace, required, present);
  const missing = Object.entries(required).filter(([name]) => !(name in present));
  return missing.length === 0 ? undefined : Object.fromEntries(missing);
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

/** The server takes all of a request or none. */
async function register(
  connection: Connection,
  namespace: string,
  missing: SearchAttributes,
  present: Record<string, number>,
): Promise<void> {
  const searchAttributes = Object.fromEntries(
    Object.entries(missing).map(([name, type]) => [name, WIRE_TYPES[type]]),
  );
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    const why = `are missing and could not be registered (${describeGrpcError(error)})${roomFor(missing, present)}: remove others`;
    throw unusable(namespace, missing, why, error);
  }
}

/** How many are needed, and how many the namespace has room for where it can be known. */
function roomFor(missing: SearchAttributes, present: Record<string, number>): string {
  const byType = Map.groupBy(Object.values(missing), (type) => type);
  return [...byType]
    .map(([type, { length: needed }]) => {
      const taken = Object.values(present).filter((wire) => wire === WIRE_TYPES[type]).length;
      const free = SQL_COLUMNS[type] - taken;
      const room = free < 0 ? '' : `; with visibility in SQL ${free} of ${SQL_COLUMNS[type]} are free`;
      return `; ${needed} of type ${type} are needed${room}`;
    })
    .join('');
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
      if (Date.now() > giveUpAt)
        throw unusable(namespace, required, `cannot be used (${describeGrpcError(error)}): try again`, error);
    }
    await delay(100, undefined, { signal });
  }
}

function unusable(namespace: string, attributes: SearchAttributes, why: string, cause?: unknown): Error {
  const flags = Object.entries(attributes).map(([name, type]) => `--name ${name} --type ${type}`);
  return new TemporalServerError(
    TEMPORAL_SERVER_ERROR_CODES.SEARCH_ATTRIBUTES,
    `Search attributes of namespace ${namespace} ${why}, or have an administrator run: temporal operator search-attribute create --namespace ${namespace} ${flags.join(' ')}`,
    { cause },
  );
}
