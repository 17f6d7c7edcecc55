// The shell commands a factory uses: `fs`, `hwinfo`, `kernel`, with the texts of Zephyr's own (subsys/fs/shell.c and
// others).

import { FlashError } from '../flash/flash-error.ts';
import { BLOCK_SIZE } from '../flash/flash-blocks.ts';
import type { FlashImage } from '../flash/flash-image.ts';
import type { FirmwareProfile, ShellCommand } from '../firmware-profile.ts';
import type { ShellOutput } from './shell-output.ts';

const ENOEXEC = 8;
const EINVAL = 22;
const ENOSYS = 88;
/** LittleFS's program size, which `fs statvfs` calls bsize. */
const PROGRAM_SIZE = 16;

/** What the shell asks of its board. */
export interface ShellBoard {
  readonly profile: FirmwareProfile;
  readonly flash: FlashImage;
  /** The hardware id, hex; `hwinfo devid` prints it. */
  readonly hardwareId: string;
  readonly uptimeMs: number;
  /** Restarts at once: the command never returns. */
  reset(): void;
  /** Keeps the SMP work queue busy. */
  spend(ms: number): void;
}

/** A command's return value, or silence when it never returns. */
export type ShellResult = number | 'silence';

/** One word of the command tree. `args` counts the word itself: [required, further allowed]. */
export interface ShellNode {
  readonly help: string;
  readonly args?: readonly [number, number];
  readonly below?: Readonly<Record<string, ShellNode>>;
  readonly run?: (board: ShellBoard, argv: readonly string[], out: ShellOutput) => ShellResult;
}

function withErrno(run: () => void, failed: (errno: number) => string, out: ShellOutput): number {
  try {
    run();
    return 0;
  } catch (error) {
    if (!(error instanceof FlashError)) throw error;
    out.error(failed(-error.errno));
    return -ENOEXEC;
  }
}

function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

const FS: ShellNode = {
  help: 'File system commands',
  below: {
    ls: {
      help: 'List files in current directory',
      args: [1, 1],
      run: ({ flash }, [, path = '/'], out) => {
        const list = (): void => flash.list(absolute(path)).forEach((name) => out.print(name));
        return withErrno(list, (errno) => `Unable to open ${absolute(path)} (err ${errno})`, out);
      },
    },
    mkdir: {
      help: 'Create directory',
      args: [2, 0],
      run: ({ flash }, [, path = ''], out) =>
        withErrno(
          () => flash.mkdir(absolute(path)),
          (errno) => `Error creating dir[${errno}]`,
          out,
        ),
    },
    rm: {
      help: 'Remove file',
      args: [2, 0],
      run: ({ flash }, [, path = ''], out) =>
        withErrno(
          () => flash.unlink(absolute(path)),
          (errno) => `Failed to remove ${absolute(path)} (${errno})`,
          out,
        ),
    },
    statvfs: {
      help: 'Show file system state',
      args: [2, 0],
      run: ({ flash }, [, path = ''], out) => {
        const show = (): void => {
          flash.stat(absolute(path));
          const free = flash.freeBlocks();
          out.print(
            `bsize ${PROGRAM_SIZE}, frsize ${BLOCK_SIZE}, blocks ${flash.totalBlocks}, bfree ${free}`,
          );
        };
        return withErrno(show, (errno) => `Failed to statvfs ${absolute(path)} (${errno})`, out);
      },
    },
  },
};

const HWINFO: ShellNode = {
  help: 'HWINFO commands',
  below: {
    devid: {
      help: 'Show device id',
      args: [1, 0],
      run: ({ hardwareId }, _argv, out) => {
        out.print(`Length: ${hardwareId.length / 2}`);
        out.print(`ID: 0x${hardwareId}`);
        return 0;
      },
    },
    deveui64: {
      help: 'Show device eui64',
      args: [1, 0],
      run: (_board, _argv, out) => {
        out.error('Not supported by hardware');
        return -ENOSYS;
      },
    },
  },
};

function reboot(board: ShellBoard): ShellResult {
  board.reset();
  return 'silence';
}

const KERNEL: ShellNode = {
  help: 'Kernel commands',
  below: {
    reboot: {
      help: 'Reboot.',
      run: reboot,
      below: { cold: { help: 'Cold reboot.', run: reboot }, warm: { help: 'Warm reboot.', run: reboot } },
    },
    sleep: {
      help: 'ms',
      args: [2, 0],
      run: (board, [, ms = ''], out) => {
        if (!/^\d+$/.test(ms)) {
          out.error('Unable to parse input (err -22)');
          return -EINVAL;
        }
        board.spend(Number(ms));
        return 0;
      },
    },
    uptime: {
      help: 'Kernel uptime. Can be called with the -p or --pretty options',
      args: [1, 1],
      run: ({ uptimeMs }, _argv, out) => {
        out.print(`Uptime: ${Math.floor(uptimeMs)} ms`);
        return 0;
      },
    },
    version: {
      help: 'Kernel version.',
      run: ({ profile }, _argv, out) => {
        out.print(`Zephyr version ${profile.version}`);
        return 0;
      },
    },
  },
};

/** The root commands by name. */
export const SHELL_COMMANDS: Readonly<Record<ShellCommand, ShellNode>> = {
  fs: FS,
  hwinfo: HWINFO,
  kernel: KERNEL,
};
