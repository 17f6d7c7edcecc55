/** What a board says when it refuses: group `undefined` for the protocol's own codes. */
export interface DeviceError {
  readonly group: number | undefined;
  readonly rc: number;
  /** The code's name in the protocol, e.g. `FILE_NOT_FOUND`. */
  readonly name: string;
  /** What it means and what to do, for a person. */
  readonly meaning: string;
  /** The firmware's own reason text (`rsn`), if it sent one. */
  readonly reason: string | undefined;
}

type Meanings = Record<number, readonly [name: string, meaning: string]>;

// Zephyr: include/zephyr/mgmt/mcumgr/mgmt/mgmt_defines.h
const PROTOCOL: Meanings = {
  1: ['EUNKNOWN', 'an error the firmware does not explain'],
  2: ['ENOMEM', 'the board has no buffer free for an answer; wait and repeat'],
  3: ['EINVAL', 'the board does not accept the parameters of this request (a path over 64 bytes, perhaps)'],
  4: ['ETIMEOUT', 'the board gave up waiting for something of its own'],
  5: ['ENOENT', 'what was asked for does not exist on the board'],
  6: ['EBADSTATE', 'the board is not in a state for this; reset it and repeat'],
  7: ['EMSGSIZE', "the answer does not fit the board's buffer, or a file could not be closed"],
  8: ['ENOTSUP', 'the firmware does not have this command'],
  9: ['ECORRUPT', 'the request reached the board damaged'],
  10: ['EBUSY', 'the board is busy with another transfer; repeat in a few seconds'],
  11: ['EACCESSDENIED', 'the firmware forbids this'],
  12: ['UNSUPPORTED_TOO_OLD', 'the firmware needs a newer protocol version (2)'],
  13: ['UNSUPPORTED_TOO_NEW', 'the firmware needs an older protocol version (1)'],
};

const GROUPS: Record<number, Meanings> = {
  0: {
    1: ['UNKNOWN', 'an error the firmware does not explain'],
    2: ['INVALID_FORMAT', 'the firmware does not know this information field'],
    3: ['QUERY_YIELDS_NO_ANSWER', 'the bootloader has no answer to this'],
    4: ['RTC_NOT_SET', "the board's clock is not set"],
    5: ['RTC_COMMAND_FAILED', "the board's clock does not work"],
    6: ['QUERY_RESPONSE_VALUE_NOT_VALID', 'the bootloader gave an invalid answer'],
    7: ['HEAP_STATS_FETCH_FAILED', 'the firmware cannot read its memory statistics'],
  },
  1: { 1: ['UNKNOWN', "an error of the firmware's image group"] },
  3: {
    1: ['UNKNOWN', 'an error the firmware does not explain'],
    2: ['KEY_TOO_LONG', 'the name of the setting is too long for this firmware'],
    3: ['KEY_NOT_FOUND', 'the board has no such setting'],
    4: ['READ_NOT_SUPPORTED', 'this setting cannot be read'],
    5: ['ROOT_KEY_NOT_FOUND', 'the board has no such settings tree'],
    6: ['WRITE_NOT_SUPPORTED', 'this setting cannot be written'],
    7: ['DELETE_NOT_SUPPORTED', 'this setting cannot be deleted'],
    8: ['SAVE_NOT_SUPPORTED', 'this setting cannot be saved'],
    9: ['SAVE_FAILED_VALUE_TOO_LONG_TO_READ', 'the value is too long to be saved'],
  },
  8: {
    1: ['UNKNOWN', 'the path names a directory, or the file system has no room for one more open file'],
    2: ['FILE_INVALID_NAME', 'the board does not accept this path'],
    3: ['FILE_NOT_FOUND', 'there is no such file on the board'],
    4: ['FILE_IS_DIRECTORY', 'the path names a directory'],
    5: ['FILE_OPEN_FAILED', 'the file system of the board cannot open the file'],
    6: ['FILE_SEEK_FAILED', 'the file system of the board cannot seek in the file'],
    7: ['FILE_READ_FAILED', 'the file system of the board cannot read the file'],
    8: ['FILE_TRUNCATE_FAILED', 'the file system of the board cannot replace the old content'],
    9: ['FILE_DELETE_FAILED', 'the file system of the board cannot remove the old file'],
    10: ['FILE_WRITE_FAILED', 'the file system of the board cannot write: full or worn out'],
    11: ['FILE_OFFSET_NOT_VALID', 'the board expects another part of the file'],
    12: ['FILE_OFFSET_LARGER_THAN_FILE', 'the file on the board is shorter'],
    13: ['CHECKSUM_HASH_NOT_FOUND', 'the firmware does not have this kind of hash'],
    14: ['MOUNT_POINT_NOT_FOUND', 'the directory or the file system is missing on the board'],
    15: ['READ_ONLY_FILESYSTEM', 'the file system of the board is read-only'],
    16: ['FILE_EMPTY', 'the file on the board is empty'],
    17: ['FILE_CLOSE_FAILED', 'the board could not commit the file: its file system is full or worn out'],
  },
  9: {
    1: ['UNKNOWN', 'an error the firmware does not explain'],
    2: ['COMMAND_TOO_LONG', 'the shell command is too long for this firmware'],
    3: ['EMPTY_COMMAND', 'the shell command is empty'],
  },
  10: {
    1: ['UNKNOWN', 'an error the firmware does not explain'],
    2: ['TOO_MANY_GROUP_ENTRIES', 'the firmware has more groups than it can list'],
    3: ['INSUFFICIENT_HEAP_FOR_ENTRIES', 'the firmware has too little memory to list its groups'],
    4: ['INDEX_TOO_LARGE', 'there are fewer groups than that'],
  },
};

/** Gives the numbers of a board's refusal their name and meaning; unknown ones are kept as numbers. */
export function describeDeviceError(
  group: number | undefined,
  rc: number,
  reason: string | undefined,
): DeviceError {
  const meanings = group === undefined ? PROTOCOL : GROUPS[group];
  const [name, meaning] = meanings?.[rc] ?? [`code ${rc}`, 'an error of the application on the board'];
  return { group, rc, name, meaning, reason };
}

/** The firmware lacks the command, its group or the operation. */
export function isUnsupported(device: DeviceError): boolean {
  return device.group === undefined && device.rc === 8;
}
