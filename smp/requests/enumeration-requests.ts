// https://docs.zephyrproject.org/latest/services/device_mgmt/smp_groups/smp_group_10.html
import { records, unsigned } from '../wire/smp-request.ts';
import type { SmpRequest } from '../wire/smp-request.ts';

const GROUP = 10;

/** A group of commands in the firmware; name and number of commands if it reports them. */
export interface GroupDetails {
  readonly group: number;
  readonly name: string | undefined;
  readonly handlers: number | undefined;
}

/** The numbers of the groups the firmware has. */
export const ENUMERATION_LIST: SmpRequest<void, number[]> = {
  name: 'list of groups',
  group: GROUP,
  id: 1,
  op: 'read',
  pace: 'quick',
  repeat: 'freely',
  longReply: true,
  encode: () => ({}),
  parse: (body) => {
    const groups: unknown = body['groups'];
    return Array.isArray(groups) && groups.every((group) => typeof group === 'number') ? groups : undefined;
  },
};

/** The groups with their names. */
export const ENUMERATION_DETAILS: SmpRequest<void, GroupDetails[]> = {
  ...ENUMERATION_LIST,
  name: 'details of groups',
  id: 3,
  parse: (body) =>
    records(body, 'groups')?.flatMap((details) => {
      const group = unsigned(details, 'group');
      const name = typeof details['name'] === 'string' ? details['name'] : undefined;
      return group === undefined ? [] : [{ group, name, handlers: unsigned(details, 'handlers') }];
    }),
};
