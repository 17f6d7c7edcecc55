import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { BoardOptions } from './board-session.ts';
import type { HashFileOptions } from './hash-file.ts';
import { invocationOf } from '../invocation.ts';

type AskingOptions = BoardOptions & { readonly yes?: boolean };

const PATH = 'absolute path on the board';

/** Commands about one board on a serial port; no line need run, and none may hold the port. */
export function addBoardCommands(program: Command): void {
  const board = program
    .command('board')
    .description('see and change what is on one board, over its serial port')
    .addHelpText(
      'after',
      `
A port is named by its path (/dev/ttyACM0, /dev/serial/by-id/…) or by the USB serial number of the board.
Private keys are neither shown nor fetched.

Examples:
  certline board probe /dev/ttyACM0
  certline board put E6614103E7 settings.bin /lfs1/settings.bin`,
    );
  addProbe(board);
  addLs(board);
  addGet(board);
  addPut(board);
  addHash(board);
  addRm(board);
  addShell(board);
  addReset(board);
}

function addProbe(board: Command): void {
  boardCommand(board, 'probe')
    .description('what is on this board: firmware, buffers, groups, hardware id, file system, credentials')
    .addHelpText('after', example('probe /dev/ttyACM0', 'probe /dev/ttyACM0 --json | jq .hardwareId'))
    .action(async (port: string, options: BoardOptions, command: Command) => {
      const { probeBoard } = await import('./probe-board.ts');
      await probeBoard(invocationOf(command), port, options);
    });
}

function addLs(board: Command): void {
  boardCommand(board, 'ls')
    .description('the files of a directory and their sizes')
    .argument('[path]', `${PATH}; else where the product's file system is mounted`)
    .addHelpText('after', example('ls /dev/ttyACM0', 'ls /dev/ttyACM0 /lfs1/credentials'))
    .action(async (port: string, path: string | undefined, options: BoardOptions, command: Command) => {
      const { listFiles } = await import('./list-files.ts');
      await listFiles(invocationOf(command), port, path, options);
    });
}

function addGet(board: Command): void {
  boardCommand(board, 'get')
    .description('copy a file from the board; never a private key')
    .argument('<path>', PATH)
    .argument(
      '[file]',
      'where to, a file that is not there yet, or - for standard output; else under its own name',
    )
    .addHelpText(
      'after',
      example(
        'get /dev/ttyACM0 /lfs1/credentials/crt.der',
        'get /dev/ttyACM0 /lfs1/credentials/crt.der - | openssl x509 -inform der -noout -text',
      ),
    )
    .action(
      async (
        port: string,
        path: string,
        file: string | undefined,
        options: BoardOptions,
        command: Command,
      ) => {
        const { getFile } = await import('./get-file.ts');
        await getFile(invocationOf(command), port, path, file, options);
      },
    );
}

function addPut(board: Command): void {
  boardCommand(board, 'put')
    .description('copy a file to the board and read it back; asks before it overwrites a key or certificate')
    .argument('<file>', 'the file to copy')
    .argument('<path>', PATH)
    .option('--yes', 'do not ask')
    .addHelpText('after', example('put /dev/ttyACM0 settings.bin /lfs1/settings.bin'))
    .action(async (port: string, file: string, path: string, options: AskingOptions, command: Command) => {
      const { putFile } = await import('./put-file.ts');
      await putFile(invocationOf(command), port, file, path, options);
    });
}

function addHash(board: Command): void {
  boardCommand(board, 'hash')
    .description('hash of a file, by the board where it can; a private key is not read for it')
    .argument('<path>', PATH)
    .addOption(
      new Option('--type <type>', 'kind of hash').choices(['sha256', 'crc32']).default('sha256' as const),
    )
    .addHelpText('after', example('hash /dev/ttyACM0 /lfs1/credentials/crt.der'))
    .action(async (port: string, path: string, options: HashFileOptions, command: Command) => {
      const { hashBoardFile } = await import('./hash-file.ts');
      await hashBoardFile(invocationOf(command), port, path, options);
    });
}

function addRm(board: Command): void {
  boardCommand(board, 'rm')
    .description('remove a file or an empty directory; asks first')
    .argument('<path>', PATH)
    .option('--yes', 'do not ask')
    .addHelpText('after', example('rm /dev/ttyACM0 /lfs1/settings.bin'))
    .action(async (port: string, path: string, options: AskingOptions, command: Command) => {
      const { removeBoardFile } = await import('./remove-board-file.ts');
      await removeBoardFile(invocationOf(command), port, path, options);
    });
}

function addShell(board: Command): void {
  boardCommand(board, 'shell')
    .description("run a command in the board's shell; without one, those that are typed or piped in")
    .argument('[command...]', 'the command and its words; after -- where one begins with a dash')
    .addHelpText(
      'after',
      example(
        'shell /dev/ttyACM0',
        'shell /dev/ttyACM0 -- kernel uptime -p',
        'shell /dev/ttyACM0 < commands',
      ),
    )
    .action(async (port: string, words: string[], options: BoardOptions, command: Command) => {
      const { boardShell } = await import('./board-shell.ts');
      await boardShell(invocationOf(command), port, words, options);
    });
}

function addReset(board: Command): void {
  boardCommand(board, 'reset')
    .description('restart the board and wait until it answers again; asks first')
    .option('--yes', 'do not ask')
    .addHelpText('after', example('reset /dev/ttyACM0 --yes'))
    .action(async (port: string, options: AskingOptions, command: Command) => {
      const { resetBoard } = await import('./reset-board.ts');
      await resetBoard(invocationOf(command), port, options);
    });
}

/** What all of them are told. */
function boardCommand(board: Command, name: string): Command {
  return board
    .command(name)
    .argument('<port>', 'path of the port, or USB serial number of the board')
    .option('--baud <rate>', 'bits per second; else as configured for the port, else 115200', baudRate)
    .option('--json', 'one JSON document instead of text');
}

function baudRate(given: string): number {
  const rate = Number(given);
  if (Number.isSafeInteger(rate) && rate > 0) return rate;
  throw new InvalidArgumentError('It is a whole number, such as 115200.');
}

function example(...commands: readonly string[]): string {
  const lines = commands.map((command) => `  certline board ${command}`);
  return `\n${commands.length === 1 ? 'Example' : 'Examples'}:\n${lines.join('\n')}`;
}
