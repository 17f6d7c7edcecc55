// Management group 9: run a shell command, get its output. The joined line is parsed as Zephyr's shell would.

import { CborReader, CborRefused } from './cbor-reader.ts';
import { SHELL_COMMANDS, type ShellBoard, type ShellNode, type ShellResult } from './shell-commands.ts';
import { ShellOutput } from './shell-output.ts';
import { RC, type SmpAnswer, type SmpGroup } from './smp-answer.ts';

const COMMAND_TOO_LONG = 2;
const EMPTY_COMMAND = 3;
/** CONFIG_SHELL_CMD_BUFF_SIZE: the joined line must be shorter. */
const LINE_SIZE = 256;
const ENOEXEC = 8;
const EINVAL = 22;
/** What a command that only lists its subcommands returns. */
const HELP_PRINTED = 1;

/** Words separated by blanks; quotes keep blanks. A missing end quote gives the quote itself. */
function splitWords(line: string): { words: string[] } | { unterminated: string } {
  const words: string[] = [];
  for (let at = 0; ;) {
    while (line[at] === ' ' || line[at] === '\t') at++;
    if (at >= line.length) return { words };
    let word = '';
    let quote = '';
    for (; at < line.length && (quote !== '' || (line[at] !== ' ' && line[at] !== '\t')); at++) {
      const char = line[at] ?? '';
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) quote = char;
      else word += char;
    }
    if (quote !== '') return { unterminated: quote };
    words.push(word);
  }
}

function printHelp(name: string, node: ShellNode, out: ShellOutput): void {
  out.print(`${name} - ${node.help}`);
  const below = Object.entries(node.below ?? {});
  if (below.length === 0) return;
  out.print('Subcommands:');
  const width = Math.max(...below.map(([word]) => word.length));
  for (const [word, { help }] of below) out.print(`  ${word.padEnd(width)}  : ${help}`);
}

function runNode(board: ShellBoard, node: ShellNode, argv: readonly string[], out: ShellOutput): ShellResult {
  const [name = '', next] = argv;
  const below = next !== undefined && Object.hasOwn(node.below ?? {}, next) ? node.below?.[next] : undefined;
  if (below) return runNode(board, below, argv.slice(1), out);
  if (!node.run) {
    printHelp(name, node, out);
    return HELP_PRINTED;
  }
  const [wanted, further] = node.args ?? [1, Infinity];
  if (argv.length >= wanted && argv.length <= wanted + further) return node.run(board, argv, out);
  out.error(`${name}: wrong parameter count`);
  printHelp(name, node, out);
  return -EINVAL;
}

function runLine(board: ShellBoard, line: string, out: ShellOutput): ShellResult {
  const split = splitWords(line);
  if ('unterminated' in split) {
    out.error(`not terminated: ${split.unterminated}`);
    return -ENOEXEC;
  }
  const [name] = split.words;
  if (name === undefined) return -ENOEXEC;
  const root = (board.profile.shell || []).find((command) => command === name);
  if (root) return runNode(board, SHELL_COMMANDS[root], split.words, out);
  out.error(`${name}: command not found`);
  return -ENOEXEC;
}

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
  const result = runLine(board, line.slice(0, -1), out);
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
