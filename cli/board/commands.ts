import { InvalidArgumentError } from 'commander';
import { command, group } from '../command.ts';
import { JSON_OPTION, wholeNumber } from '../option-values.ts';

const PATH = 'absolute path on the board';
const PORT = { '<port>': 'path of the serial port, or USB serial number of the board' } as const;
const YES = { '--yes': 'do not ask for confirmation' } as const;

const BOARD_OPTIONS = {
  '--baud <rate>': {
    says: 'speed of the port, in bits per second; default: as configured for the port, else 115200',
    parse: wholeNumber(1),
  },
  '--timeout <seconds>': {
    says: 'time for the board to be found and for each of its answers; default: by what it has to do',
    parse: seconds,
  },
  '--dtr <level>': {
    says: 'DTR once the port is open: on or off; default: as the system sets it',
    parse: level,
  },
  '--rts <level>': {
    says: 'RTS once the port is open: on or off; default: as the system sets it',
    parse: level,
  },
  ...JSON_OPTION,
} as const;

function seconds(given: string): number {
  const value = Number(given);
  if (given.trim() !== '' && Number.isFinite(value) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It is a number of seconds, such as 30.');
}

function level(given: string): boolean {
  if (given === 'on' || given === 'off') return given === 'on';
  throw new InvalidArgumentError('It is on or off.');
}

/** Commands about one board on a serial port. They need no running line, and none may hold the port. */
export const boardCommands = group(
  'board',
  {
    says: 'show and change what is stored on one board, through its serial port',
    notes: `
Name a port by its path (/dev/ttyACM0, /dev/serial/by-id/...) or by the USB serial number of the board.
Private keys are never shown or copied.`,
    examples: [
      'certline board probe /dev/ttyACM0',
      'certline board put E6614103E7 settings.bin /lfs1/settings.bin',
    ],
  },
  [
    command('probe', {
      says: 'show firmware, buffers, SMP groups, hardware id, file system and credentials',
      args: PORT,
      options: BOARD_OPTIONS,
      examples: [
        'certline board probe /dev/ttyACM0',
        'certline board probe /dev/ttyACM0 --json | jq .hardwareId',
      ],
      load: () => import('./probe-board.ts'),
      run: async ({ probeBoard }, { port, options, invocation }) =>
        await probeBoard(await invocation(), port, options),
    }),
    command('ls', {
      says: 'list the files of a directory with their sizes',
      args: { ...PORT, '[path]': `${PATH}; default: where the file system of the product is mounted` },
      options: BOARD_OPTIONS,
      examples: ['certline board ls /dev/ttyACM0', 'certline board ls /dev/ttyACM0 /lfs1/credentials'],
      load: () => import('./list-files.ts'),
      run: async ({ listFiles }, { port, path, options, invocation }) =>
        await listFiles(await invocation(), port, path, options),
    }),
    command('get', {
      says: 'copy a file from the board; refuses private keys',
      args: {
        ...PORT,
        '<path>': PATH,
        '[file]':
          'file to create, which must not exist, or - for standard output; default: the name on the board',
      },
      options: BOARD_OPTIONS,
      examples: [
        'certline board get /dev/ttyACM0 /lfs1/credentials/crt.der',
        'certline board get /dev/ttyACM0 /lfs1/credentials/crt.der - | openssl x509 -inform der -noout -text',
      ],
      load: () => import('./get-file.ts'),
      run: async ({ getFile }, { port, path, file, options, invocation }) =>
        await getFile(await invocation(), port, path, file, options),
    }),
    command('put', {
      says: 'copy a file to the board and read it back; asks before it overwrites a key or certificate',
      args: { ...PORT, '<file>': 'file to copy', '<path>': PATH },
      options: { ...YES, ...BOARD_OPTIONS },
      examples: ['certline board put /dev/ttyACM0 settings.bin /lfs1/settings.bin'],
      load: () => import('./put-file.ts'),
      run: async ({ putFile }, { port, file, path, options, invocation }) =>
        await putFile(await invocation(), port, file, path, options),
    }),
    command('hash', {
      says: 'print the hash of a file, computed by the board if its firmware can; never reads a private key',
      args: { ...PORT, '<path>': PATH },
      options: {
        '--type <type>': { says: 'kind of hash', choices: ['sha256', 'crc32'], default: 'sha256' },
        ...BOARD_OPTIONS,
      },
      examples: ['certline board hash /dev/ttyACM0 /lfs1/credentials/crt.der'],
      load: () => import('./hash-file.ts'),
      run: async ({ hashBoardFile }, { port, path, options, invocation }) =>
        await hashBoardFile(await invocation(), port, path, options),
    }),
    command('rm', {
      says: 'remove a file or an empty directory; asks first',
      args: { ...PORT, '<path>': PATH },
      options: { ...YES, ...BOARD_OPTIONS },
      examples: ['certline board rm /dev/ttyACM0 /lfs1/settings.bin'],
      load: () => import('./remove-board-file.ts'),
      run: async ({ removeBoardFile }, { port, path, options, invocation }) =>
        await removeBoardFile(await invocation(), port, path, options),
    }),
    command('shell', {
      says: "run a command in the board's shell; without one, run the commands that you type or pipe in",
      args: {
        ...PORT,
        '[command...]': 'the command and its words; put -- in front if one of them begins with a dash',
      },
      options: BOARD_OPTIONS,
      examples: [
        'certline board shell /dev/ttyACM0',
        'certline board shell /dev/ttyACM0 -- kernel uptime -p',
        'certline board shell /dev/ttyACM0 < commands',
      ],
      load: () => import('./board-shell.ts'),
      run: async ({ boardShell }, { port, command: words, options, invocation }) =>
        await boardShell(await invocation(), port, words, options),
    }),
    command('reset', {
      says: 'restart the board and wait until it answers again; asks first',
      args: PORT,
      options: { ...YES, ...BOARD_OPTIONS },
      examples: ['certline board reset /dev/ttyACM0 --yes'],
      load: () => import('./reset-board.ts'),
      run: async ({ resetBoard }, { port, options, invocation }) =>
        await resetBoard(await invocation(), port, options),
    }),
  ],
);
