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
