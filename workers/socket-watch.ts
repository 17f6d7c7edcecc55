import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Tile } from '../fixtures/station/tile.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import type { LineTrouble, LineTroubleCode } from '../provisioning/line-trouble.ts';
import { BatchTeller } from './batch-teller.ts';
import { every } from './periodic-role.ts';
import type { Role } from './role.ts';

const LOOK_PAUSE_MS = 3_000;

/** While boards are changed nothing answers for some seconds; with the pause, a trouble shows within 30 s. */
const PATIENCE_MS = 20_000;

/** A socket that works for so long is well: one that goes to and fro must not cost a signal each time. */
const WELL_MS = 30_000;

/** What the watch needs of a station. */
export interface WatchedStation {
  readonly id: string;
  readonly tiles: readonly Tile[];
}

/** A station reports to every batch that runs which of its sockets are silent or out of order for longer than a board change. */
export function watchSockets(station: WatchedStation, client: Client, log: Logger): Role {
  const isOwn = (trouble: LineTrouble): boolean =>
    trouble.station === station.id && trouble.socket !== undefined;
  const teller = new BatchTeller(client, `station ${station.id}`, isOwn, log);
  const troubles = new SocketTroubles(station.id);
  const look = async (): Promise<void> => {
    troubles.see(station.tiles, performance.now());
    await teller.tell(troubles.lasting);
  };
  return every(LOOK_PAUSE_MS, [{ run: look, failed: 'cannot report the sockets; the next look comes' }], log);
}

interface Seen {
  trouble: LineTrouble;
  /** Since when it has been so, and when it was last so; ms of one clock. */
  readonly since: number;
  last: number;
  isLasting: boolean;
}

/** Which sockets have had the same trouble for longer than a board change takes. Plain state. */
export class SocketTroubles {
  readonly #station: string;
  readonly #seen = new Map<string, Seen>();

  constructor(station: string) {
    this.#station = station;
  }

  /** `now`: ms of any clock that does not go back. */
  see(tiles: readonly Tile[], now: number): void {
    for (const tile of tiles) {
      const known = this.#seen.get(tile.socket);
      const code = codeOf(tile);
      if (code === undefined) {
        if (known && (!known.isLasting || now - known.last >= WELL_MS)) this.#seen.delete(tile.socket);
        continue;
      }
      const trouble = this.#troubleOf(tile, code);
      if (known?.trouble.code === code) {
        known.last = now;
        known.isLasting ||= now - known.since >= PATIENCE_MS;
        known.trouble = trouble;
      } else
        this.#seen.set(tile.socket, { trouble, since: now, last: now, isLasting: known?.isLasting ?? false });
    }
  }

  get lasting(): LineTrouble[] {
    return [...this.#seen.values()].filter(({ isLasting }) => isLasting).map(({ trouble }) => trouble);
  }

  #troubleOf({ socket, instruction }: Tile, code: LineTroubleCode): LineTrouble {
    const station = this.#station;
    return { code, station, socket, says: `station ${station}, socket ${socket}: ${instruction}` };
  }
}

/** A board that failed or is set aside is no fault of its socket, and an empty one is the normal course. */
function codeOf({ state, code }: Tile): LineTroubleCode | undefined {
  if (state === 'silent') return 'SOCKET_SILENT';
  if (state !== 'fault') return undefined;
  return isFailureCode(code) ? code : 'STATION_FAULT';
}
