import type { FailureCode } from './failure-table.ts';

/**
 * What is wrong with a part of the line, whatever unit it works for: a role that is silent, sockets that units of other
 * batches have, a socket in which nothing answers, or a socket with this failure. Of the whole line first, of one socket last.
 */
export type LineTroubleCode =
  'SIGNER_UNREACHABLE' | 'STATION_UNREACHABLE' | 'SOCKETS_BUSY' | 'SOCKET_SILENT' | FailureCode;

/** What a batch shows of its units that get no board; no role and no socket is at fault. */
export function isAboutBoards({ code }: LineTrouble): boolean {
  return code === 'NO_BOARD' || code === 'SOCKETS_BUSY';
}

export interface LineTrouble {
  readonly code: LineTroubleCode;
  readonly station?: string;
  readonly socket?: string;
  /** What is wrong and what to do, in a sentence. */
  readonly says: string;
}

/** To each batch that runs, when it has changed: all that one part of the line knows to be wrong. */
export interface LineReport {
  /** `roles`: the orchestrator, of the other roles; `station <id>`: a station, of its sockets; `ledger on host …`: a role, of its database. */
  readonly source: string;
  readonly trouble: readonly LineTrouble[];
}

/** Troubles that a batch shows of one source: a station has fewer sockets. */
export const LINE_TROUBLES_MAX = 100;
