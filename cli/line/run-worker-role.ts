import { openLineLog } from '../../line/log.ts';
import { logPath } from '../../line/state-folder.ts';
import { openWorkerRole } from '../../workers/open-worker-role.ts';
import type { WorkerRole } from '../../workers/worker-roles.ts';
import type { Invocation } from '../invocation.ts';
import { aborted, stopSignal } from '../stop-signal.ts';
import { printLine } from '../terminal/stdout.ts';
import { openMonitored } from './open-monitored.ts';
import { stopAfter } from './stop-after.ts';

/** `certline worker ROLE`: one role of a line that is spread over hosts, until it is stopped. */
export async function runWorkerRole({ stateFolder, config }: Invocation, role: WorkerRole): Promise<void> {
  const signal = stopSignal();
  const log = openLineLog(logPath(stateFolder), role);
  const monitored = await openMonitored(role, { config, log }, (monitor) =>
    openWorkerRole(role, { stateFolder, config, monitor, log }),
  );
  const { server, ended } = monitored.role;
  const { address, namespace, warning } = server;
  if (warning !== undefined) printLine(`Warning: ${warning}`);
  printLine(`${role} up, on ${address}, namespace ${namespace}`);
  // A role that has ended takes no work any more: leave, so that a supervisor starts it again.
  await stopAfter(monitored, log, () =>
    Promise.race([monitored.started().then(() => aborted(signal)), ended]),
  );
}
