import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { lockIntake } from '../line/lock.ts';
import type { LineConfig } from '../line/config.ts';
import { isTaken, OWNER_GONE_MS } from '../manifests/intake/inbox-owner.ts';
import { inTurn } from './in-turn.ts';
import { inboxFolders } from '../manifests/intake/inbox-folders.ts';
import type { Role } from './role.ts';

const LOOK_MS = 500;

/** What is read in turn, and by whom. */
export interface IntakeTurn {
  readonly stateFolder: string;
  readonly config: Pick<LineConfig, 'registry' | 'inbox' | 'manufacturers'>;
  readonly log: Logger;
}

/**
 * Starts what reads the drop folder when no other orchestrator of the registry does: two would both be allowed what is left
 * of an order.
 */
export async function intakeInTurn(turn: IntakeTurn, start: () => Promise<Role>): Promise<Role> {
  return await inTurn(
    async (onWait, signal) => {
      let isSaid = false;
      const wait = (): void => {
        if (!isSaid)
          turn.log.info('another orchestrator reads the drop folder, or the registry does not answer');
        isSaid = true;
        onWait();
      };
      const lock = await lockIntake(turn, wait, signal);
      try {
        await untilLeft(turn, wait, signal);
        return lock;
      } catch (error) {
        lock.release();
        throw error;
      }
    },
    start,
    (error) => isPassing(error, turn),
  );
}

/**
 * While the database server drops its connections, no turn begins or lasts, and another orchestrator may have taken the folder. The
 * workflows of this one continue meanwhile.
 */
function isPassing(error: unknown, { config, log }: IntakeTurn): boolean {
  const { code } = error as { readonly code?: unknown };
  const isTakenInTurn = code === 'MANIFEST_INBOX_TAKEN' && config.registry !== undefined;
  if (code !== 'REGISTRY_UNAVAILABLE' && !isTakenInTurn) return false;
  log.warn({ err: error }, 'the drop folder is not read; the next try comes in a second');
  return true;
}

/** An orchestrator on another host that was killed has left its mark in the drop folder; one that lives renews it. */
async function untilLeft(
  { stateFolder, config: { registry, inbox, manufacturers } }: IntakeTurn,
  onWait: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (registry === undefined) return;
  const until = Date.now() + OWNER_GONE_MS;
  for (const folder of inboxFolders(inbox, manufacturers))
    while (Date.now() < until && (await isTaken(folder, stateFolder))) {
      onWait();
      await setTimeout(LOOK_MS, undefined, { signal });
    }
}
