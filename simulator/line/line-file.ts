// `line.json`: which board is in which socket and which are in the trays. A change is written before it takes effect.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { errnoOf } from '../../disk/errno.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { SimulatorError } from '../simulator-error.ts';

/** Where finished boards go: good ones to `done`, the others to `reject`. */
export type Tray = 'done' | 'reject';

interface LineContent {
  /** Hardware id by `<station>-<socket>`; absent while the socket is empty. */
  sockets: Record<string, string>;
  /** Boards ever loaded, by `<station>-<socket>`. */
  loaded: Record<string, number>;
  /** Hardware ids, oldest first. */
  trays: Record<Tray, string[]>;
}

function readContent(path: string): LineContent {
  try {
    const { sockets, loaded, trays } = JSON.parse(readFileSync(path, 'utf8')) as LineContent;
    return { sockets, loaded, trays: { done: trays.done, reject: trays.reject } };
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') {
      return { sockets: {}, loaded: {}, trays: { done: [], reject: [] } };
    }
    const message = `${path} is not what a simulator wrote; take it away to start with empty sockets.`;
    throw new SimulatorError('SIMULATOR_CONFIG_INVALID', message, cause);
  }
}

/** The persistent state of a line, in `<directory>/line.json`. */
export class LineFile {
  readonly #path: string;
  readonly #content: LineContent;

  constructor(directory: string) {
    this.#path = join(directory, 'line.json');
    this.#content = readContent(this.#path);
  }

  /** The board in a place, if any. */
  boardIn(place: string): string | undefined {
    return this.#content.sockets[place];
  }

  /** The boards in a tray, oldest first. */
  tray(tray: Tray): readonly string[] {
    return this.#content.trays[tray];
  }

  /** How many boards were ever loaded into a place; into all of them when none is named. */
  loadedInto(place?: string): number {
    if (place !== undefined) return this.#content.loaded[place] ?? 0;
    return Object.values(this.#content.loaded).reduce((sum, count) => sum + count, 0);
  }

  /** A board was put into a place. */
  load(place: string, hardwareId: string): void {
    this.#content.sockets[place] = hardwareId;
    this.#content.loaded[place] = this.loadedInto(place) + 1;
    this.#write();
  }

  /** The board was taken out, into a tray or somebody's hand. */
  unload(place: string, tray?: Tray): void {
    const hardwareId = this.#content.sockets[place];
    delete this.#content.sockets[place];
    if (tray && hardwareId !== undefined) this.#content.trays[tray].push(hardwareId);
    this.#write();
  }

  /** Not synced: virtual boards outlive a killed simulator, and need not outlive a power cut. */
  #write(): void {
    writeWholeSync(this.#path, 0o600, `${JSON.stringify(this.#content, undefined, 1)}\n`, 'kill');
  }
}
