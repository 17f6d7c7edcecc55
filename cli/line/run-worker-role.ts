import { installTemporalRuntime, openLineLog } from '../../line/log.ts';
import { logPath } from '../../line/state-folder.ts';
import { openWorkerRole } from '../../workers/open-worker-role.ts';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { printLine } from '../terminal/stdout.ts';
import { stopAfter } from './stop-after.ts';

/** `certline worker ROLE`: one role of a line that is spread over hosts, until it is stopped. */
export async function runWorkerRole({ stateFolder, config }: Invocation, name: string): Promise<void> {
  const role = WORKER_ROLES.find((known) => known === name) ?? unknownRole(name);
  const signal = stopSignal();
  const log = openLineLog(logPath(stateFolder), role);
  installTemporalRuntime(log);
  const open = await openWorkerRole(role, { stateFolder, config, log });
  const { address, namespace, warning } = open.server;
  if (warning !== undefined) printLine(`Warning: ${warning}`);
  printLine(`${role} up, on ${address}, namespace ${namespace}`);
  // A role that has ended takes no work any more: leave, so that a supervisor starts it again.
  await stopAfter(open, log, () => Promise.race([aborted(signal), open.ended]));
}

function unknownRole(role: string): never {
  throw new CommandError('usage', `There is no role "${role}": it is one of ${WORKER_ROLES.join(', ')}.`);
}
