// Management group 0: echo, reset, buffer parameters, information (uname-like).

import { decodeKnownKeys } from './cbor-reader.ts';
import type { FirmwareProfile, OsCommand } from '../firmware-profile.ts';
import { RC } from './smp-answer.ts';
import type { SmpAnswer, SmpCommand, SmpGroup } from './smp-answer.ts';

const INVALID_FORMAT = 2;

/** What the os group asks of its board. */
export interface OsBoard {
  readonly profile: FirmwareProfile;
  /** Asks for a restart after the answer is out. */
  scheduleReset(): void;
}

function echo(cbor: Uint8Array): SmpAnswer {
  const { d } = decodeKnownKeys(cbor, { d: 'text' });
  return { body: [['r', { rawText: d ?? new Uint8Array() }]] };
}

function params({ netBufSize, netBufCount }: FirmwareProfile): SmpAnswer {
  return {
    body: [
      ['buf_size', netBufSize],
      ['buf_count', netBufCount],
    ],
  };
}

/** `uname` letters in the order in which the firmware prints them, whatever the order asked for. */
function infoFields({ version, platform }: FirmwareProfile): readonly (readonly [string, string])[] {
  return [
    ['s', 'Zephyr'],
    ['n', 'unknown'],
    ['r', `v${version}`],
    ['v', version],
    ['m', 'arm'],
    ['p', 'cortex-m4'],
    ['i', platform],
    ['o', 'Zephyr'],
  ];
}

function info(profile: FirmwareProfile, cbor: Uint8Array): SmpAnswer {
  const { format } = decodeKnownKeys(cbor, { format: 'text' });
  const asked = format?.length ? Buffer.from(format).toString('latin1') : 's';
  const fields = infoFields(profile);
  const known = new Set(['a', ...fields.map(([letter]) => letter)]);
  if (asked.split('').some((letter) => !known.has(letter))) return { groupError: INVALID_FORMAT };
  const chosen = fields.filter(([letter]) => asked.includes('a') || asked.includes(letter));
  return { body: [['output', chosen.map(([, value]) => value).join(' ')]] };
}

/** The os group of a board, with the commands its firmware was built with. */
export function osGroup(board: OsBoard): SmpGroup {
  const reset: SmpCommand = () => {
    board.scheduleReset();
    return { body: [] };
  };
  const all: Record<OsCommand, readonly [number, { read?: SmpCommand; write?: SmpCommand }]> = {
    echo: [0, { read: echo, write: echo }],
    reset: [5, { write: reset }],
    params: [6, { read: () => params(board.profile) }],
    info: [7, { read: (cbor) => info(board.profile, cbor) }],
  };
  return {
    id: 0,
    name: 'os mgmt',
    commands: new Map(board.profile.osCommands.map((command) => all[command])),
    toLegacyRc: (error) => (error === INVALID_FORMAT ? RC.EINVAL : 1),
  };
}
