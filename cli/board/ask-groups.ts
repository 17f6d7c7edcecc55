import { ENUMERATION_DETAILS, ENUMERATION_LIST } from '../../smp/requests/enumeration-requests.ts';
import type { GroupDetails } from '../../smp/requests/enumeration-requests.ts';
import { isUnsupported } from '../../smp/device-error.ts';
import { FS_STATUS } from '../../smp/requests/fs-requests.ts';
import { IMAGE_STATE } from '../../smp/requests/image-requests.ts';
import { OS_ECHO, OS_INFO, OS_PARAMETERS } from '../../smp/requests/os-requests.ts';
import { SETTINGS_READ } from '../../smp/requests/settings-requests.ts';
import { SHELL_EXEC_REPEATABLE } from '../../smp/requests/shell-requests.ts';
import type { SmpRequest } from '../../smp/wire/smp-request.ts';
import type { BoardReport } from './board-report.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import type { Inquiry } from './inquiry.ts';

/** Names of Zephyr's own groups (mgmt_defines.h), for firmware that reports only numbers. */
const GROUP_NAMES: Readonly<Record<number, string>> = {
  0: 'os mgmt',
  1: 'img mgmt',
  2: 'stat mgmt',
  3: 'settings mgmt',
  8: 'fs mgmt',
  9: 'shell mgmt',
  10: 'enum mgmt',
  63: 'zephyr basic mgmt',
};

/** Asks for the groups of the firmware; where it has no list, a harmless request to each known group shows them. */
export async function askGroups(inquiry: Inquiry, report: BoardReport): Promise<void> {
  const told = await inquiry.ask('groups', 'groups', () => enumerate(inquiry));
  report.groups = told ?? (await groupsByTrying(inquiry));
}

async function enumerate({ client, signal }: Inquiry): Promise<GroupDetails[]> {
  try {
    return await client.request(ENUMERATION_DETAILS, undefined, { signal });
  } catch (error) {
    if (!isSmpError(error, 'SMP_UNSUPPORTED', 'SMP_DEVICE_ERROR')) throw error;
  }
  const numbers = await client.request(ENUMERATION_LIST, undefined, { signal });
  return numbers.map((group) => named(group));
}

async function groupsByTrying(inquiry: Inquiry): Promise<GroupDetails[]> {
  const trials: [group: number, trial: () => Promise<boolean>][] = [
    [0, () => has(inquiry, OS_ECHO, { text: '' })],
    [0, () => has(inquiry, OS_PARAMETERS, undefined)],
    [0, () => has(inquiry, OS_INFO, { format: 's' })],
    [1, () => has(inquiry, IMAGE_STATE, undefined)],
    [3, () => has(inquiry, SETTINGS_READ, { name: 'certline' })],
    [8, () => has(inquiry, FS_STATUS, { path: '/certline' })],
    [9, () => has(inquiry, SHELL_EXEC_REPEATABLE, { argv: [''] })],
  ];
  const found = new Set<number>();
  for (const [group, trial] of trials) {
    if (!found.has(group) && (await trial())) found.add(group);
  }
  return [...found].map((group) => named(group));
}

async function has<Parameters>(
  { client, signal }: Inquiry,
  request: SmpRequest<Parameters, unknown>,
  parameters: Parameters,
): Promise<boolean> {
  const reply = await client.ask(request, parameters, { signal });
  return reply.ok || !isUnsupported(reply.device);
}

function named(group: number): GroupDetails {
  return { group, name: GROUP_NAMES[group], handlers: undefined };
}
