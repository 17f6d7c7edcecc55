// The person at the fixtures: looks at the tiles, takes finished boards out, puts new ones in. Once per board.

import { mkdirSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

import { isKnownAs } from '../board/known-as.ts';
import { readTiles } from './operator-tiles.ts';
import type { SeenTile } from './operator-tiles.ts';
import type { Tray } from './line-file.ts';
import type { VirtualLine } from './virtual-line.ts';

/** How the operator works. */
export interface OperatorOptions {
  /**
   * From the tile's word to the board in the tray: a second or two for a hand that waits beside the fixture (estimate).
   */
  readonly unloadMs: number;
  /** From an empty socket to the next board in it: picking, seating, closing the clamp (estimate). */
  readonly loadMs: number;
  /**
   * Whether boards that FAIL or are on HOLD go to the reject tray and a new one is loaded, or are left in their
   * sockets. After three in a row that were never worked on the socket is left as it is.
   */
  readonly replaceFailed: boolean;
}

/** A station of the operator's round: its sockets and the file that shows their tiles. */
export interface WatchedStation {
  readonly id: string;
  readonly sockets: readonly string[];
  readonly tileFile: string;
}

/** Watching a file can miss a change; a look every half second cannot. */
const POLL_MS = 500;
/** A person stops feeding boards to a socket that refuses one after the other. */
const REJECTS_IN_A_ROW = 3;

/** Works a line until `stop()`. Loads empty sockets, unloads what the tiles say is finished. */
export class VirtualOperator {
  readonly #line: VirtualLine;
  readonly #stations: readonly WatchedStation[];
  readonly #options: OperatorOptions;
  readonly #watchers: FSWatcher[];
  readonly #poll: NodeJS.Timeout;
  /** What the hands are doing, by socket: nothing else is begun there meanwhile. */
  readonly #hands = new Map<string, NodeJS.Timeout>();
  /** Boards rejected one after the other, by socket. */
  readonly #rejects = new Map<string, number>();
  #stopped = false;

  constructor(line: VirtualLine, stations: readonly WatchedStation[], options: OperatorOptions) {
    this.#line = line;
    this.#stations = stations;
    this.#options = options;
    this.#watchers = stations.map((station) => this.#watch(station));
    this.#poll = setInterval(() => this.#stations.forEach((station) => this.#look(station)), POLL_MS);
    for (const station of stations) this.#look(station);
  }

  /** Puts the hands down at once. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#poll);
    for (const watcher of this.#watchers) watcher.close();
    for (const timer of this.#hands.values()) clearTimeout(timer);
    this.#hands.clear();
  }

  #watch(station: WatchedStation): FSWatcher {
    // The file is replaced as a whole, so the folder is what can be watched.
    mkdirSync(dirname(station.tileFile), { recursive: true });
    const name = basename(station.tileFile);
    const watcher = watch(dirname(station.tileFile), (_event, changed) => {
      if (changed === name) this.#look(station);
    });
    // A watcher that dies takes nothing with it: the poll continues.
    watcher.on('error', () => watcher.close());
    return watcher;
  }

  #look(station: WatchedStation): void {
    const tiles = new Map(readTiles(station.tileFile).map((tile) => [tile.socket, tile]));
    for (const socket of station.sockets) {
      const seated = this.#line.boardId(station.id, socket);
      const tile = tiles.get(socket);
      if (seated === undefined)
        this.#begin(station.id, socket, this.#options.loadMs, () => this.#load(station, socket));
      else if (tile && this.#isAbout(tile, station.id)) this.#finish(station, socket, tile.state, seated);
    }
  }

  /** A tile can be older than the board in the socket: only a tile about this very board counts, under any name it has. */
  #isAbout({ socket, boardId }: SeenTile, station: string): boolean {
    const board = this.#line.board(station, socket);
    return board !== undefined && boardId !== null && isKnownAs(board, boardId);
  }

  #finish(station: WatchedStation, socket: string, state: string, hardwareId: string): void {
    const place = `${station.id}-${socket}`;
    if (state === 'pass' || state === 'busy') this.#rejects.delete(place);
    const tray = this.#trayFor(state);
    const rejects = this.#rejects.get(place) ?? 0;
    if (!tray || rejects >= REJECTS_IN_A_ROW) return;
    this.#begin(station.id, socket, this.#options.unloadMs, () => {
      if (this.#line.boardId(station.id, socket) !== hardwareId) return this.#look(station);
      if (tray === 'reject') this.#rejects.set(place, rejects + 1);
      void this.#line.removeBoard(station.id, socket, tray).then(() => this.#look(station));
    });
  }

  #trayFor(state: string): Tray | undefined {
    if (state === 'pass') return 'done';
    return this.#options.replaceFailed && (state === 'fail' || state === 'hold') ? 'reject' : undefined;
  }

  #load(station: WatchedStation, socket: string): void {
    if (this.#line.boardId(station.id, socket) === undefined) this.#line.insertBoard(station.id, socket);
    this.#look(station);
  }

  #begin(station: string, socket: string, afterMs: number, act: () => void): void {
    const place = `${station}-${socket}`;
    // A board that was on its way out when the operator stopped must not be followed by another.
    if (this.#stopped || this.#hands.has(place)) return;
    const timer = setTimeout(() => {
      this.#hands.delete(place);
      act();
    }, afterMs);
    this.#hands.set(place, timer);
  }
}
