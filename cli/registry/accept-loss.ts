import { decidedNow } from '../../provisioning/decision.ts';
import { CommandError } from '../exit-status.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { withWritableRegistry } from './open-registry.ts';

/** `certline registry accept-loss`. Throws `unknown` where the registry has not seen this log, or there is none. */
export async function acceptLoss(
  invocation: Invocation,
  log: string,
  { json, ...said }: { readonly reason: string; readonly by: string; readonly json?: boolean },
): Promise<void> {
  const isAccepted = await withWritableRegistry(invocation, async (registry) =>
    registry?.acceptSignerLog(log, decidedNow('accept-loss', said)),
  );
  if (isAccepted !== true) {
    const message = `The registry has seen no audit log ${log}, or its loss is accepted already: copy its name from "certline doctor", on the host of the registry, or from the message of the signer.`;
    throw new CommandError('unknown', message);
  }
  tell(
    json,
    { log, isAccepted },
    `Certificates that were signed under ${log} are registered again; retry the units that wait`,
  );
}
