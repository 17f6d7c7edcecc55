import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { z } from 'zod';
import { processIdentity } from '../program/process-identity.ts';
import { serverPorts, tcpPort } from './server-ports.ts';
import type { TemporalServer } from './temporal-server.ts';

/** What is recorded of a running dev server, so that it is found again after its factory line was killed. */
const serverRecord = z
  .object({
    process: processIdentity,
    ports: serverPorts,
    ui: z.boolean(),
    /** Where the server itself serves its page; absent in the record of an earlier version, which had it at `ports.ui`. */
    uiInside: z.object({ host: z.ipv4(), port: tcpPort }).readonly().optional(),
    /** Where the program came from, for people. */
    source: z.string(),
  })
  .readonly();

/** See {@link serverRecord}. */
export type ServerRecord = z.infer<typeof serverRecord>;

const NAME = 'temporal-server.json';

/** Writes the record into the state folder in one step. */
export function writeServerRecord(directory: string, record: ServerRecord): void {
  writeWholeSync(join(directory, NAME), 0o644, JSON.stringify(record, undefined, 2));
}

/** Removes the record: the server was stopped, and the next one may take the default ports. */
export function removeServerRecord(directory: string): void {
  rmSync(join(directory, NAME), { force: true });
}

/** The record in the state folder; `undefined` when there is none, or none that can be read. */
export function readServerRecord(directory: string): ServerRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, NAME), 'utf8'));
    return serverRecord.safeParse(value).data;
  } catch (error) {
    // One that this user may not read must not be taken for a server that does not run.
    if (errnoOf(error) === 'EACCES') throw error;
    return undefined;
  }
}

/** `host:port` of the recorded server's frontend. */
export function addressOf(record: ServerRecord): string {
  return `127.0.0.1:${record.ports.frontend}`;
}

/** The part of `TemporalServer` that follows from the record. */
export function describeServer(
  record: ServerRecord,
  namespace: string,
): Omit<TemporalServer, 'owned' | 'stop'> {
  const address = addressOf(record);
  const uiUrl = record.ui ? `http://127.0.0.1:${record.ports.ui}` : undefined;
  return { address, namespace, uiUrl, source: record.source, connectionOptions: { address } };
}
