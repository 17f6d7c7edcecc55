// A line of stations with sockets, boards in them, and trays beside them. It survives kill -9: started again on the
// same directory it has the same boards in the same sockets.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { boardSpeed } from '../board/board-speed.ts';
import type { BoardSpeedChoice } from '../board/board-speed.ts';
import type { BoardFault, FaultKind } from '../faults.ts';
import { FIRMWARE_PROFILES } from '../firmware-profile.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import type { ExclusiveLock } from '../../disk/exclusive-lock.ts';
import { lockDirectory } from './directory-lock.ts';
import { LineFile } from './line-file.ts';
import type { Tray } from './line-file.ts';
import { SimulatorError } from '../simulator-error.ts';
import { VirtualBoard } from '../board/virtual-board.ts';
import { VirtualSocket } from './virtual-socket.ts';

/** A station and the names of its sockets. */
interface VirtualStation {
  readonly id: string;
  readonly sockets: readonly string[];
}

/**
 * A fault for a board that is yet to be made: the nth one loaded into a socket, or into the line where none is named.
 */
export interface PlannedFault {
  readonly station?: string | undefined;
  readonly socket?: string | undefined;
  readonly nth: number;
  readonly fault: BoardFault;
}

/** What happens on a line, for a log. Never holds file content. */
export interface LineEvent {
  readonly event:
    'board-inserted' | 'board-removed' | 'cable-pulled' | 'cable-plugged' | 'fault-set' | 'firmware-crashed';
  readonly station: string;
  readonly socket: string;
  readonly hardwareId: string;
  readonly detail?: string;
}

/** How a line is set up. */
export interface VirtualLineOptions {
  /** Holds `line.json`, `boards/` (images) and `ports/` (stable port names). */
  readonly directory: string;
  readonly stations: readonly VirtualStation[];
  /** The firmware of boards made from now on; `factory` if left out. */
  readonly profile?: FirmwareProfile;
  /** `realistic` if left out. */
  readonly speed?: BoardSpeedChoice;
  readonly faults?: readonly PlannedFault[];
  /** Where the product keeps its key: what is written there can be asked for with `writtenKeys()`. */
  readonly keyPath?: string;
  readonly log?: (event: LineEvent) => void;
  /** What the application on each board does when its firmware runs. */
  readonly application?: (board: VirtualBoard) => void;
}

interface Place {
  readonly station: string;
  readonly socket: string;
  readonly name: string;
  readonly fixture: VirtualSocket;
}

/** Golioth's path (certificate_provisioning sample). */
const DEFAULT_KEY_PATH = '/lfs1/credentials/key.der';

/** A running line. All calls name a station and a socket, and throw SIMULATOR_NO_SUCH_PLACE where there is none. */
export class VirtualLine {
  readonly #options: VirtualLineOptions;
  readonly #state: LineFile;
  readonly #places: readonly Place[];
  readonly #lock: ExclusiveLock;
  readonly #keys: Uint8Array[] = [];
  readonly #returns = new Set<NodeJS.Timeout>();

  private constructor(options: VirtualLineOptions, lock: ExclusiveLock) {
    this.#options = options;
    this.#lock = lock;
    this.#state = new LineFile(options.directory);
    const speed = boardSpeed(options.speed ?? 'realistic');
    this.#places = options.stations.flatMap(({ id, sockets }) =>
      sockets.map((socket): Place => {
        const name = `${id}-${socket}`;
        return { station: id, socket, name, fixture: new VirtualSocket(this.portPath(id, socket), speed) };
      }),
    );
  }

  /** Starts a line; boards that `line.json` names are in their sockets when the promise settles. */
  static async start(options: VirtualLineOptions): Promise<VirtualLine> {
    mkdirSync(join(options.directory, 'ports'), { recursive: true });
    const lock = lockDirectory(options.directory);
    try {
      const line = new VirtualLine(options, lock);
      for (const place of line.#places) {
        const hardwareId = line.#state.boardIn(place.name);
        if (hardwareId !== undefined) line.#seat(place, VirtualBoard.open(line.boardsDirectory, hardwareId));
      }
      return line;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Where the images of all boards lie, one directory by hardware id. */
  get boardsDirectory(): string {
    return join(this.#options.directory, 'boards');
  }

  /** The stable port name of a socket. */
  portPath(station: string, socket: string): string {
    return join(this.#options.directory, 'ports', `${station}-${socket}`);
  }

  /** The board in a socket, if any. */
  board(station: string, socket: string): VirtualBoard | undefined {
    return this.#place(station, socket).fixture.board;
  }

  /** The hardware id of the board in a socket, also while its contact is lost; `undefined` when the socket is empty. */
  boardId(station: string, socket: string): string | undefined {
    return this.#state.boardIn(this.#place(station, socket).name);
  }

  /** The fixture of a socket, for tests that look at its wire. */
  fixture(station: string, socket: string): VirtualSocket {
    return this.#place(station, socket).fixture;
  }

  /** Puts a board into an empty socket: the one given, else a new blank one with the fault planned for it. */
  insertBoard(station: string, socket: string, board?: VirtualBoard): VirtualBoard {
    const place = this.#place(station, socket);
    if (this.#state.boardIn(place.name) !== undefined) {
      const message = `Socket ${socket} of ${station} holds a board; take it out first.`;
      throw new SimulatorError('SIMULATOR_NO_SUCH_PLACE', message);
    }
    const inserted = board ?? this.#makeBoard(place);
    this.#state.load(place.name, inserted.hardwareId);
    this.#seat(place, inserted);
    return inserted;
  }

  /** Takes the board out of a socket, in the middle of whatever it does; `undefined` when there is none. */
  async removeBoard(station: string, socket: string, tray?: Tray): Promise<VirtualBoard | undefined> {
    const place = this.#place(station, socket);
    const board = place.fixture.board;
    if (!board) return undefined;
    this.#unseat(place, tray);
    // Both ends of the pty close in the next turns of the loop; after this a client has its disconnect.
    await new Promise((resolve) => setImmediate(resolve));
    return board;
  }

  /** Gives the board in a socket a fault. */
  setFault(station: string, socket: string, fault: BoardFault): void {
    this.#boardIn(station, socket).setFault(fault);
    this.#log('fault-set', this.#place(station, socket), fault.kind);
  }

  /** Clears the faults of the board in a socket, all or of one kind. */
  clearFaults(station: string, socket: string, kind?: FaultKind): void {
    this.#boardIn(station, socket).clearFaults(kind);
  }

  /** Hardware ids in a tray, oldest first. */
  tray(tray: Tray): readonly string[] {
    return this.#state.tray(tray);
  }

  /** Every content that was ever given to a board of this process to store as its key, committed or not. */
  writtenKeys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** Cuts the power of the whole line. The boards stay in their sockets for the next start. */
  async stop(): Promise<void> {
    for (const timer of this.#returns) clearTimeout(timer);
    for (const { fixture } of this.#places) fixture.unseat();
    await new Promise((resolve) => setImmediate(resolve));
    this.#lock.release();
  }

  #makeBoard(place: Place): VirtualBoard {
    const profile = this.#options.profile ?? FIRMWARE_PROFILES.factory;
    const board = VirtualBoard.create(this.boardsDirectory, { profile });
    for (const planned of this.#options.faults ?? []) {
      const named = planned.station !== undefined || planned.socket !== undefined;
      const here = !named || (planned.station === place.station && planned.socket === place.socket);
      const nth = this.#state.loadedInto(named ? place.name : undefined) + 1;
      if (here && planned.nth === nth) board.setFault(planned.fault);
    }
    return board;
  }

  #seat(place: Place, board: VirtualBoard): void {
    board.events = {
      onUnplug: (fault) => this.#onUnplug(place, fault),
      onRunning: () => this.#options.application?.(board),
      onCrash: () => this.#log('firmware-crashed', place, 'more requests in flight than packet buffers'),
      onWritten: (path, content) => {
        if (path === (this.#options.keyPath ?? DEFAULT_KEY_PATH)) this.#keys.push(Uint8Array.from(content));
      },
    };
    place.fixture.seat(board);
    this.#log('board-inserted', place);
  }

  #unseat(place: Place, tray?: Tray): void {
    this.#state.unload(place.name, tray);
    this.#log('board-removed', place, tray);
    place.fixture.unseat();
  }

  #onUnplug(place: Place, { returnAfterMs, keepsPower }: BoardFault<'unplug'>): void {
    const board = place.fixture.board;
    if (!board) return;
    if (!keepsPower && returnAfterMs === undefined) return this.#unseat(place, 'reject');
    this.#log('cable-pulled', place);
    if (keepsPower) place.fixture.disconnect();
    else place.fixture.unseat();
    if (returnAfterMs === undefined) return;
    const timer = setTimeout(() => {
      this.#returns.delete(timer);
      this.#log('cable-plugged', place);
      if (place.fixture.board) place.fixture.connect();
      else this.#seat(place, board);
    }, returnAfterMs);
    this.#returns.add(timer);
  }

  #boardIn(station: string, socket: string): VirtualBoard {
    const board = this.board(station, socket);
    if (board) return board;
    throw new SimulatorError(
      'SIMULATOR_NO_SUCH_PLACE',
      `Socket ${socket} of ${station} is empty; insert a board first.`,
    );
  }

  #place(station: string, socket: string): Place {
    const place = this.#places.find(
      (candidate) => candidate.station === station && candidate.socket === socket,
    );
    if (place) return place;
    const known = this.#places.map(({ name }) => name).join(', ');
    const message = `There is no socket ${socket} at station ${station}; this line has ${known}.`;
    throw new SimulatorError('SIMULATOR_NO_SUCH_PLACE', message);
  }

  #log(event: LineEvent['event'], place: Place, detail?: string): void {
    const hardwareId = place.fixture.board?.hardwareId ?? '';
    const { station, socket } = place;
    this.#options.log?.({ event, station, socket, hardwareId, ...(detail === undefined ? {} : { detail }) });
  }
}
