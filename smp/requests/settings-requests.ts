// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_groups/smp_group_3.html
import type { SmpRequest } from '../wire/smp-request.ts';
import { byteString } from '../wire/smp-request.ts';

const GROUP = 3;

/** Value of a setting; default firmware limits names and values to 32 bytes each. */
export const SETTINGS_READ: SmpRequest<{ name: string }, Uint8Array> = {
  name: 'setting',
  group: GROUP,
  id: 0,
  op: 'read',
  pace: 'quick',
  repeat: 'freely',
  longReply: true,
  encode: (parameters) => ({ name: parameters.name }),
  parse: (body) => {
    const value = byteString(body, 'val');
    return value === undefined ? undefined : new Uint8Array(value);
  },
};

/** Gives a setting a value in the running firmware; `SETTINGS_SAVE` makes it last. */
export const SETTINGS_WRITE: SmpRequest<{ name: string; value: Uint8Array }, true> = {
  name: 'setting',
  group: GROUP,
  id: 0,
  op: 'write',
  pace: 'write',
  repeat: 'freely',
  encode: (parameters) => ({ name: parameters.name, val: parameters.value }),
  parse: () => true,
};

/** Deletes a setting; repeated after a lost answer it fails with KEY_NOT_FOUND, so the caller decides. */
export const SETTINGS_DELETE: SmpRequest<{ name: string }, true> = {
  name: 'deleting a setting',
  group: GROUP,
  id: 1,
  op: 'write',
  pace: 'write',
  repeat: 'by caller',
  encode: (parameters) => ({ name: parameters.name }),
  parse: () => true,
};

/** Makes the firmware use the settings written so far. */
export const SETTINGS_COMMIT: SmpRequest<void, true> = {
  name: 'committing settings',
  group: GROUP,
  id: 2,
  op: 'write',
  pace: 'write',
  repeat: 'freely',
  encode: () => ({}),
  parse: () => true,
};

/** Writes all settings that changed to flash. */
export const SETTINGS_SAVE: SmpRequest<void, true> = {
  name: 'saving settings',
  group: GROUP,
  id: 3,
  op: 'write',
  pace: 'close',
  repeat: 'freely',
  encode: () => ({}),
  parse: () => true,
};
