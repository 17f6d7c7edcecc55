// Management group 9: run a shell command, get its output. The joined line is parsed as Zephyr's shell would.

import { CborReader, CborRefused } from './cbor-reader.ts';
import type { ShellBoard } from '../shell/shell-commands.ts';
import { runShellLine } from '../shell/shell-line.ts';
import { ShellOutput } from '../shell/shell-output.ts';
import { RC } from './smp-answer.ts';
import type { SmpAnswer, SmpGroup } from './smp-answer.ts';

const COMMAND_TOO_LONG = 2;
const EMPTY_COMMAND = 3;
/** CONFIG_SHELL_CMD_BUFF_SIZE: the joined line must be shorter. */
const LINE_SIZE = 256;

/** The text elements of `argv`; what follows the first element of another type is ignored, as the firmware does. */
function readArgv(cbor: Uint8Array): string[] {
  const reader = new CborReader(cbor);
  const argv: string[] = [];
  let found = false;
  try {
    reader.map((key) => {
      if (key !== 'argv') return reader.skip();
      const count = reader.listStart();
      found = true;
      while (count === undefined ? !reader.atBreak() : argv.length < count) {
        argv.push(Buffer.from(reader.text()).toString('latin1'));
      }
      throw new CborRefused('the rest of the request is not read');
    });
  } catch (error) {
    if (!found || !(error instanceof CborRefused)) throw error;
  }
  if (!found) throw new CborRefused('no argv');
  return argv;
}

function exec(board: ShellBoard, cbor: Uint8Array): SmpAnswer {
  const argv = readArgv(cbor);
  let line = '';
  for (const word of argv) {
    if (line.length + word.length >= LINE_SIZE) return { groupError: COMMAND_TOO_LONG };
    line += `${word} `;
  }
  if (argv.length === 0) return { groupError: EMPTY_COMMAND };
  const out = new ShellOutput();
  const result = runShellLine(board, line.slice(0, -1), out);
  if (result === 'silence') return 'silence';
  const output = Buffer.from(out.text(board.profile.shellOutputSize), 'latin1');
  return {
    body: [
      ['o', { rawText: output }],
      ['ret', result],
    ],
  };
}

/** The shell group of a board. */
export function shellGroup(board: ShellBoard): SmpGroup {
  return {
    id: 9,
    name: 'shell mgmt',
    commands: new Map([[0, { write: (cbor) => exec(board, cbor) }]]),
    toLegacyRc: (error) => (error === COMMAND_TOO_LONG || error === EMPTY_COMMAND ? RC.EINVAL : 1),
  };
}
