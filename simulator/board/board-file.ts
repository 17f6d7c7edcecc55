// `board.json` beside the flash image: what a board is, apart from what is stored on it.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseFault } from '../faults.ts';
import type { BoardFault } from '../faults.ts';
import type { FirmwareProfile } from '../firmware-profile.ts';
import { writeWholeSync } from '../../disk/write-whole.ts';
import { SimulatorError } from '../simulator-error.ts';

/** The persistent description of a board. */
export interface BoardFile {
  /** 16 bytes, lower-case hex. */
  readonly hardwareId: string;
  readonly profile: FirmwareProfile;
  readonly faults: readonly BoardFault[];
}

const FILE_NAME = 'board.json';

/** Reads a board's description from its directory; throws SIMULATOR_CONFIG_INVALID when it is missing or broken. */
export function readBoardFile(directory: string): BoardFile {
  const path = join(directory, FILE_NAME);
  try {
    const { hardwareId, profile, faults } = JSON.parse(readFileSync(path, 'utf8')) as BoardFile;
    return { hardwareId, profile, faults: faults.map(parseFault) };
  } catch (cause) {
    const message = `${path} does not describe a virtual board; take the board's directory away to start it blank.`;
    throw new SimulatorError('SIMULATOR_CONFIG_INVALID', message, cause);
  }
}

/** Writes a board's description into its directory. */
export function writeBoardFile(directory: string, board: BoardFile): void {
  // Not synced: a virtual board outlives a killed simulator, and need not outlive a power cut.
  writeWholeSync(join(directory, FILE_NAME), 0o600, `${JSON.stringify(board, undefined, 2)}\n`, 'kill');
}
