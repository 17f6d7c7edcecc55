import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { FailureCode } from '../provisioning/failure-table.ts';
import type { LineTrouble } from '../provisioning/line-trouble.ts';
import { BatchTeller } from './batch-teller.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

const LOOK_PAUSE_MS = 3_000;

/** A database that is busy, or starts again, takes a commit after a few seconds; with the pause, a trouble shows within 30 s. */
const PATIENCE_MS = 10_000;

/** One that works for so long is well: one that goes to and fro must not cost a signal each time. */
const WELL_MS = 30_000;

/** A database of a role, without which it does no work. */
export interface WatchedStore {
  /** `ledger`, `registry`, or the record of a station. */
  readonly name: string;
  /** What the steps fail with meanwhile. */
  readonly code: FailureCode;
  readonly station?: string;
  /** Throws a sentence where nothing can be written. */
  readonly assertWritable: () => Promise<void> | void;
}

/**
 * A role reports to every batch that runs that it cannot write its database: its process lives and asks for work, so nobody sees from
 * another host that it does none.
 */
export function watchStore(store: WatchedStore, client: Client, log: Logger): Role {
  const where = `${store.name} on host ${hostname()}`;
  const isOwn = ({ code, says }: LineTrouble): boolean =>
    code === store.code && says.startsWith(`${where}: `);
  const teller = new BatchTeller(client, where, isOwn, log);
  const trouble = new StoreTrouble();
  const look = async (): Promise<void> => {
    trouble.see(await whyNotWritable(store), performance.now());
    const { lasting } = trouble;
    const { code, station } = store;
    const says = `${where}: ${lasting}`;
    await teller.tell(lasting === undefined ? [] : [{ code, ...(station && { station }), says }]);
  };
  return every(
    LOOK_PAUSE_MS,
    [{ run: look, failed: `cannot report the ${where}; the next look comes` }],
    log,
  );
}

async function whyNotWritable({ assertWritable }: WatchedStore): Promise<string | undefined> {
  try {
    await assertWritable();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Why a database has not been writable for longer than a restart takes. Plain state. */
export class StoreTrouble {
  #seen: { why: string; readonly since: number; last: number; isLasting: boolean } | undefined;

  /** `why`: undefined where it is writable; `now`: ms of any clock that does not go back. */
  see(why: string | undefined, now: number): void {
    const seen = this.#seen;
    if (why === undefined) {
      if (seen && (!seen.isLasting || now - seen.last >= WELL_MS)) this.#seen = undefined;
      return;
    }
    const since = seen?.since ?? now;
    this.#seen = {
      why,
      since,
      last: now,
      isLasting: seen?.isLasting === true || now - since >= PATIENCE_MS,
    };
  }

  get lasting(): string | undefined {
    return this.#seen?.isLasting === true ? this.#seen.why : undefined;
  }
}
