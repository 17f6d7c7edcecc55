// A board: a hardware id, a firmware, a flash image, perhaps a fault. It knows messages, not wires.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { BoardFaults } from './board-faults.ts';
import { readBoardFile, writeBoardFile } from './board-file.ts';
import type { BoardSpeed } from './board-speed.ts';
import { enumGroup } from '../smp/enum-group.ts';
import type { BoardFault, FaultKind } from '../faults.ts';
import { FIRMWARE_PROFILES } from '../firmware-profile.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import { FlashError } from '../flash/flash-error.ts';
import { FlashImage } from '../flash/flash-image.ts';
import { makeForeignCredentials } from './foreign-credentials.ts';
import { fsGroup } from '../smp/fs-group.ts';
import { FsTransfer } from '../smp/fs-transfer.ts';
import { osGroup } from '../smp/os-group.ts';
import { shellGroup } from '../smp/shell-group.ts';
import type { SmpGroup } from '../smp/smp-answer.ts';
import { answerPacket } from '../smp/smp-dispatch.ts';

/** CONFIG_MCUMGR_GRP_OS_RESET_MS: the answer to a reset command goes out before the board does. */
const RESET_DELAY_MS = 250;
/** Where a foreign line leaves its files: Golioth's paths. */
const FOREIGN_DIRECTORY = '/lfs1/credentials';

/** What a board reports to the wire or the line it is plugged into. */
export interface BoardEvents {
  /** The firmware restarts now. */
  onReset?: (() => void) | undefined;
  /** The firmware runs: its application may do what it does. */
  onRunning?: (() => void) | undefined;
  /** The application logs a line, where the firmware shows its log. */
  onLog?: ((text: string) => void) | undefined;
  /** A fault pulls the plug now. */
  onUnplug?: ((fault: BoardFault<'unplug'>) => void) | undefined;
  /** A fault stops the port from taking bytes now. */
  onStuck?: (() => void) | undefined;
  /** The firmware crashed; only a power cycle helps. */
  onCrash?: (() => void) | undefined;
  /** A file was given to the flash to store, whether it was stored or not. */
  onWritten?: ((path: string, content: Uint8Array) => void) | undefined;
}

/** One virtual board. Its image is in `<directory>/<hardwareId>/lfs1`, its description in `board.json` beside it. */
export class VirtualBoard {
  readonly hardwareId: string;
  readonly flash: FlashImage;
  readonly faults: BoardFaults;
  /** The directory of this board. */
  readonly directory: string;
  events: BoardEvents = {};
  readonly #built: FirmwareProfile;
  readonly #transfer: FsTransfer;
  readonly #groups: readonly SmpGroup[];
  #startedAtMs = performance.now();
  #spentMs = 0;
  #resetTimer: NodeJS.Timeout | undefined;

  private constructor(
    parent: string,
    hardwareId: string,
    profile: FirmwareProfile,
    faults: readonly BoardFault[],
  ) {
    this.hardwareId = hardwareId;
    this.directory = join(parent, hardwareId);
    this.#built = profile;
    this.flash = new FlashImage(this.directory, profile.flashBlocks);
    this.flash.onWritten = (path, content) => this.events.onWritten?.(path, content);
    this.faults = new BoardFaults(faults, () => this.#onFaultsChanged());
    this.flash.faults = this.faults.flash;
    this.#transfer = new FsTransfer(this);
    this.#groups = this.#buildGroups();
  }

  /** A new blank board, with a random hardware id unless one is given. */
  static create(
    parent: string,
    options: { hardwareId?: string; profile?: FirmwareProfile; faults?: readonly BoardFault[] } = {},
  ): VirtualBoard {
    const hardwareId = options.hardwareId ?? randomBytes(16).toString('hex');
    mkdirSync(join(parent, hardwareId), { recursive: true, mode: 0o700 });
    const board = new VirtualBoard(parent, hardwareId, options.profile ?? FIRMWARE_PROFILES.factory, []);
    board.#save();
    for (const fault of options.faults ?? []) board.setFault(fault);
    return board;
  }

  /** The board whose image is in `<parent>/<hardwareId>`; throws SIMULATOR_CONFIG_INVALID when there is none. */
  static open(parent: string, hardwareId: string): VirtualBoard {
    const { profile, faults } = readBoardFile(join(parent, hardwareId));
    return new VirtualBoard(parent, hardwareId, profile, faults);
  }

  /** The firmware that a host meets: the one built, bent by faults. */
  get profile(): FirmwareProfile {
    return this.faults.bend(this.#built);
  }

  /** CONFIG_SHELL_PROMPT_UART. */
  get consolePrompt(): string {
    return this.faults.find('shell-prompt')?.text ?? 'uart:~$ ';
  }

  get tellsResults(): boolean {
    return this.faults.find('shell-without-result') === undefined;
  }

  /** Milliseconds since the last start. */
  get uptimeMs(): number {
    return performance.now() - this.#startedAtMs;
  }

  /**
   * The core: one SMP packet in (header and CBOR; no framing), the answers out, in order. `responseBufferFree` is false
   * when the packet pool is empty, which answers `rc 2`.
   */
  handleMessage(packet: Uint8Array, responseBufferFree = true): Uint8Array[] {
    const groups = this.#groups.filter(({ id }) => !this.faults.lacksGroup(id));
    return answerPacket({ profile: this.profile, groups, responseBufferFree }, packet);
  }

  /** Starts the firmware: committed files only, the directories it makes itself. */
  start(): void {
    this.stop();
    this.#startedAtMs = performance.now();
    if (this.faults.find('forget-at-restart')) this.flash.format();
    for (const path of this.#built.bootDirectories) this.#makeDirectory(path);
  }

  /** Cuts the power: whatever was not committed is lost. */
  stop(): void {
    clearTimeout(this.#resetTimer);
    this.#transfer.reset();
    this.flash.dropOpenFiles();
  }

  /** Restarts at once, as a crash or `kernel reboot` does. */
  reset(): void {
    this.start();
    this.events.onReset?.();
  }

  /** A line of the application's log, as the shell's UART shows it. */
  log(text: string): void {
    this.events.onLog?.(text);
  }

  /** Loads another firmware, as a programmer or an update does: what is on the file system stays. */
  loadFirmware(profile: FirmwareProfile): VirtualBoard {
    writeBoardFile(this.directory, { hardwareId: this.hardwareId, profile, faults: this.faults.list });
    return VirtualBoard.open(dirname(this.directory), this.hardwareId);
  }

  /** Restarts after the answer to the reset command is out. */
  scheduleReset(): void {
    clearTimeout(this.#resetTimer);
    if (this.faults.find('ignores-reset')) return;
    this.#resetTimer = setTimeout(() => this.reset(), RESET_DELAY_MS).unref();
  }

  /** Keeps the firmware busy for a while. */
  spend(ms: number): void {
    this.#spentMs += ms;
  }

  /** Milliseconds of work, flash included, since the last call. */
  takeWorkMs(speed: BoardSpeed): number {
    const { programmedBytes, erasedBlocks } = this.flash.takeWork();
    const spent = this.#spentMs;
    this.#spentMs = 0;
    return spent + programmedBytes * speed.flashProgramMsPerByte + erasedBlocks * speed.flashEraseMsPerBlock;
  }

  /**
   * Gives the board a fault, which it keeps, over restarts of the simulator too, until it happened once or is cleared.
   */
  setFault(fault: BoardFault): void {
    this.faults.add(fault);
    if (fault.kind === 'foreign-certificate') this.#plantForeignCredentials();
  }

  /** Repairs the board: every fault, or those of one kind. Files that a fault left stay. */
  clearFaults(kind?: FaultKind): void {
    this.faults.clear(kind);
  }

  /** The access hook: the code with which the application refuses a path. */
  refusesAccess(path: string, write: boolean): number | undefined {
    return this.faults.refusal(path, write);
  }

  /** False when a fault pulls the plug at this chunk. */
  onUploadData(byteCount: number): boolean {
    const unplug = this.faults.onUploadData(byteCount);
    if (unplug) this.events.onUnplug?.(unplug);
    return unplug === undefined;
  }

  #buildGroups(): SmpGroup[] {
    const { osCommands, shell, enumGroup: hasEnum } = this.#built;
    const groups = [fsGroup(this, this.#transfer)];
    if (osCommands.length > 0) groups.push(osGroup(this));
    if (shell) groups.push(shellGroup(this));
    return hasEnum ? [enumGroup(groups), ...groups] : groups;
  }

  #makeDirectory(path: string): void {
    try {
      this.flash.mkdir(path);
    } catch (error) {
      // There already, or no room: the firmware logs it and continues.
      if (!(error instanceof FlashError)) throw error;
    }
  }

  #plantForeignCredentials(): void {
    const { key, certificate } = makeForeignCredentials();
    this.#makeDirectory(FOREIGN_DIRECTORY);
    for (const [name, content] of [
      ['key.der', key],
      ['crt.der', certificate],
    ] as const) {
      const file = this.flash.openToWrite(`${FOREIGN_DIRECTORY}/${name}`);
      this.flash.truncate(file);
      this.flash.write(file, content);
      this.flash.close(file);
    }
  }

  #onFaultsChanged(): void {
    this.flash.faults = this.faults.flash;
    this.#save();
  }

  #save(): void {
    const { hardwareId, faults } = this;
    writeBoardFile(this.directory, { hardwareId, profile: this.#built, faults: faults.list });
  }
}
