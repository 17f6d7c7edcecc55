import type { SmpError } from '../../smp/smp-error.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { CommandError } from '../exit-status.ts';

/** Which Kconfig options of Zephyr (names since 3.3) give a board what a command needs. */
export const FIRMWARE_OPTION = {
  reset: 'CONFIG_MCUMGR_GRP_OS and CONFIG_REBOOT',
  buffers: 'CONFIG_MCUMGR_GRP_OS_MCUMGR_PARAMS',
  info: 'CONFIG_MCUMGR_GRP_OS_INFO',
  build: 'CONFIG_MCUMGR_GRP_OS_INFO_BUILD_DATE_TIME',
  bootloader: 'CONFIG_MCUMGR_GRP_OS_BOOTLOADER_INFO',
  images: 'MCUboot and CONFIG_MCUMGR_GRP_IMG',
  groups: 'CONFIG_MCUMGR_GRP_ENUM',
  files: 'CONFIG_FILE_SYSTEM and CONFIG_MCUMGR_GRP_FS',
  hash: 'CONFIG_MCUMGR_GRP_FS_CHECKSUM_HASH',
  shell: 'CONFIG_MCUMGR_GRP_SHELL and CONFIG_SHELL_BACKEND_DUMMY',
  fileShell: 'CONFIG_FILE_SYSTEM_SHELL, CONFIG_MCUMGR_GRP_SHELL and CONFIG_SHELL_BACKEND_DUMMY',
} as const;

/**
 * Asks a board for something that firmware may lack. Where it does, throws `board` with the options to switch on,
 * unless the sentence names them already.
 */
export async function needing<Value>(
  option: keyof typeof FIRMWARE_OPTION,
  ask: () => Promise<Value>,
): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    if (!isSmpError(error) || !isLacking(error) || error.message.includes('CONFIG_')) throw error;
    const sentence = `${error.message}: switch on ${FIRMWARE_OPTION[option]} in the firmware`;
    throw new CommandError('board', sentence, { cause: error });
  }
}

/** A letter of the system information that was not built in is refused by an error of its group. */
function isLacking({ code, device }: SmpError): boolean {
  return code === 'SMP_UNSUPPORTED' || device?.name === 'INVALID_FORMAT';
}
