// One line of Zephyr's shell: words, the way down the command tree, help where it ends too early.

import { SHELL_COMMANDS } from './shell-commands.ts';
import type { ShellBoard, ShellNode, ShellResult } from './shell-commands.ts';
import type { ShellOutput } from './shell-output.ts';

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

const HELP_INTRODUCTION = [
  'Please press the <Tab> button to see all available commands.',
  'You can also use the <Tab> button to prompt or auto-complete all commands or its subcommands.',
  'You can try to call commands with <-h> or <--help> parameter for more information.',
  '',
  'Shell supports following meta-keys:',
  '  Ctrl + (a key from: abcdefklnptuw)',
  '  Alt  + (a key from: bf)',
  'Please refer to shell documentation for more details.',
  '',
  'Available commands:',
];

function printAllCommands(board: ShellBoard, out: ShellOutput): void {
  for (const line of HELP_INTRODUCTION) out.print(line);
  for (const command of board.profile.shell || []) {
    out.print(`  ${command.padEnd(9)}: ${SHELL_COMMANDS[command].help}`);
  }
}

/** Runs one line, however it was given; its text goes to `out`. */
export function runShellLine(board: ShellBoard, line: string, out: ShellOutput): ShellResult {
  const split = splitWords(line);
  if ('unterminated' in split) {
    out.error(`not terminated: ${split.unterminated}`);
    return -ENOEXEC;
  }
  const [name] = split.words;
  if (name === undefined) return -ENOEXEC;
  if (name === 'help') {
    printAllCommands(board, out);
    return 0;
  }
  const root = (board.profile.shell || []).find((command) => command === name);
  if (root) return runNode(board, SHELL_COMMANDS[root], split.words, out);
  out.error(`${name}: command not found`);
  return -ENOEXEC;
}
