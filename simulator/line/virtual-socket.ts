// One position of a fixture: a stable port name that leads to the board in it, and nowhere while there is none.

import { rmSync } from 'node:fs';

import type { BoardSpeed } from '../board/board-speed.ts';
import { BoardUart } from '../board/board-uart.ts';
import { linkPort, PtyPort } from './pty-port.ts';
import type { VirtualBoard } from '../board/virtual-board.ts';

/** A socket and, while there is one, the board in it. */
export class VirtualSocket {
  /** The stable name, a symbolic link, as udev would give one. */
  readonly portPath: string;
  readonly #speed: BoardSpeed;
  #seated: { readonly board: VirtualBoard; readonly uart: BoardUart } | undefined;
  #port: PtyPort | undefined;

  constructor(portPath: string, speed: BoardSpeed) {
    this.portPath = portPath;
    this.#speed = speed;
    // A killed simulator leaves its link behind, and the pty it names may be somebody else's by now.
    rmSync(portPath, { force: true });
  }

  /** The board, also while its cable is off. */
  get board(): VirtualBoard | undefined {
    return this.#seated?.board;
  }

  /** The wire behind the port, for tests that look at drops and crashes. */
  get uart(): BoardUart | undefined {
    return this.#seated?.uart;
  }

  /** Puts a board in: power, then the port. */
  seat(board: VirtualBoard): void {
    const uart = new BoardUart(board, this.#speed, (bytes) => this.#port?.write(bytes));
    this.#seated = { board, uart };
    board.events = { ...board.events, onStuck: () => this.#port?.stopReading() };
    this.connect();
    uart.start();
  }

  /** Takes the board out: port and power go together. */
  unseat(): VirtualBoard | undefined {
    this.disconnect();
    const seated = this.#seated;
    this.#seated = undefined;
    seated?.uart.stop();
    return seated?.board;
  }

  /** Plugs the cable of a seated board in. */
  connect(): void {
    if (this.#port) return;
    this.#port = new PtyPort((bytes) => this.#seated?.uart.receive(bytes));
    linkPort(this.portPath, this.#port.path);
  }

  /** Pulls the cable; a seated board keeps its power. */
  disconnect(): void {
    rmSync(this.portPath, { force: true });
    this.#port?.close();
    this.#port = undefined;
  }
}
