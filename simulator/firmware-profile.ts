// What a firmware build can do: the Kconfig choices that a host notices.

/** A command of the os group that a build may leave out. */
export type OsCommand = 'echo' | 'reset' | 'params' | 'info';
/** A root command of the Zephyr shell that a build may leave out. */
export type ShellCommand = 'fs' | 'hwinfo' | 'kernel';
/** A file hash the fs group may offer. */
export type FileHash = 'crc32' | 'sha256';

/** One firmware build, in the terms of its Kconfig file. */
export interface FirmwareProfile {
  readonly name: string;
  /** What `os info` calls the hardware platform: by this a host distinguishes products. */
  readonly platform: string;
  /** The kernel's version, of `os info` and `kernel version`. */
  readonly version: string;
  /** CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE: the largest request is 4 bytes less, the largest answer exactly this. */
  readonly netBufSize: number;
  /** CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT. */
  readonly netBufCount: number;
  /** CONFIG_UART_MCUMGR_RX_BUF_SIZE, newline included. */
  readonly rxLineSize: number;
  /** CONFIG_UART_MCUMGR_RX_BUF_COUNT. */
  readonly rxLineCount: number;
  /** Whether the UART pauses the sender when no line buffer is free (after 4.4, with hw-flow-control). */
  readonly rxFlowControl: boolean;
  /** Whether a failed packet allocation crashes the firmware, as in 4.4.0 (zephyr#107809), or drops the line. */
  readonly crashesOnOverload: boolean;
  /** CONFIG_MCUMGR_SMP_SUPPORT_ORIGINAL_PROTOCOL: without it requests of version 1 get rc 12. */
  readonly originalProtocol: boolean;
  /** Whether errors of a group go out as `err` maps to version 2 clients; false before Zephyr 3.4. */
  readonly groupErrors: boolean;
  readonly osCommands: readonly OsCommand[];
  /** CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH and the types built in; the first is the default. */
  readonly fileHashes: readonly FileHash[];
  /** Whether the fs group has the close command (since about 3.4). */
  readonly fileClose: boolean;
  /** Whether a failed close of the last chunk is reported (4.4, err 17) or swallowed (before). */
  readonly fileCloseErrors: boolean;
  /** CONFIG_MCUMGR_GRP_FS_FILE_AUTOMATIC_IDLE_CLOSE_TIME. */
  readonly fileIdleCloseMs: number;
  /** `false` when the shell group is left out; otherwise the root commands built in. */
  readonly shell: false | readonly ShellCommand[];
  /** CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE: longer output is cut. */
  readonly shellOutputSize: number;
  readonly enumGroup: boolean;
  /** The LittleFS partition at /lfs1, in 4 KiB blocks. */
  readonly flashBlocks: number;
  /** Directories the firmware makes itself when it starts. */
  readonly bootDirectories: readonly string[];
  /** From reset to the moment the UART listens again. */
  readonly bootMs: number;
  /**
   * How SMP gets in: over a UART of its own, or picked out of the shell's UART (CONFIG_MCUMGR_TRANSPORT_SHELL), where
   * prompt, echo and warnings are on the same wire.
   */
  readonly transport: 'uart' | 'shell';
  /** Whether the console shares the UART, so that a start prints its banner between frames. */
  readonly consoleOnUart: boolean;
}

const ZEPHYR_4_4: FirmwareProfile = {
  name: 'factory',
  platform: 'certline_virtual/nrf52840',
  version: '4.4.0',
  netBufSize: 384,
  netBufCount: 4,
  rxLineSize: 128,
  rxLineCount: 2,
  rxFlowControl: false,
  crashesOnOverload: true,
  originalProtocol: true,
  groupErrors: true,
  osCommands: ['echo', 'reset', 'params', 'info'],
  fileHashes: ['crc32', 'sha256'],
  fileClose: true,
  fileCloseErrors: true,
  fileIdleCloseMs: 4000,
  shell: ['fs', 'hwinfo', 'kernel'],
  shellOutputSize: 512,
  enumGroup: true,
  flashBlocks: 256,
  bootDirectories: [],
  bootMs: 50,
  transport: 'uart',
  consoleOnUart: false,
};

/**
 * The builds a virtual board can run. `factory` is what a product made for this line would have; `golioth` the stock
 * certificate_provisioning sample (no os group, no hash, 32 KiB partition, shell and console on the same UART);
 * `large-buffers` a build for speed; `native-sim` smpclient's default serial build of Zephyr 4.4.0; `zephyr-3.3` a
 * server from before version 2 errors.
 */
export const FIRMWARE_PROFILES = {
  factory: ZEPHYR_4_4,
  golioth: {
    ...ZEPHYR_4_4,
    name: 'golioth',
    platform: 'nrf52840dk/nrf52840',
    osCommands: [],
    fileHashes: [],
    shell: ['fs', 'kernel'],
    enumGroup: false,
    flashBlocks: 8,
    transport: 'shell',
    consoleOnUart: true,
  },
  'large-buffers': {
    ...ZEPHYR_4_4,
    name: 'large-buffers',
    netBufSize: 4096,
    // A message of 4 KiB is 44 lines of 127 bytes.
    rxLineCount: 64,
  },
  'native-sim': {
    ...ZEPHYR_4_4,
    name: 'native-sim',
    platform: 'native_sim/native',
    shell: ['kernel'],
    flashBlocks: 4,
  },
  'zephyr-3.3': {
    ...ZEPHYR_4_4,
    name: 'zephyr-3.3',
    version: '3.3.0',
    groupErrors: false,
    osCommands: ['echo', 'reset'],
    fileHashes: [],
    fileClose: false,
    fileCloseErrors: false,
    enumGroup: false,
  },
} as const satisfies Record<string, FirmwareProfile>;

/** The name of a build in {@link FIRMWARE_PROFILES}. */
export type FirmwareName = keyof typeof FIRMWARE_PROFILES;
