import type { Outbox, ParkedChoice } from '../../registry/outbox.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { withWritableRegistry } from './open-registry.ts';

/** `certline registry retry`. Throws `unknown` where there is no registry. */
export async function retryParked(
  invocation: Invocation,
  { json, ...choice }: ParkedChoice & { readonly json?: boolean },
): Promise<void> {
  const count = await withOutbox(invocation, (outbox) => outbox.retryParked(choice));
  const entries = count === 1 ? 'entry is' : 'entries are';
  tell(json, { entries: count }, `${count} parked ${entries} tried again, and pauses end.`);
}

/** `certline registry abandon`. Throws `unknown` where there is no registry, or nothing of the unit is parked or has failed. */
export async function abandonParked(
  invocation: Invocation,
  serial: string,
  options: {
    readonly registry?: string;
    readonly reason: string;
    readonly by?: string;
    readonly json?: boolean;
  },
): Promise<void> {
  const { registry } = options;
  const { reason = '', by = '' } = decisionInput(options);
  const choice = { serial, ...(registry !== undefined && { registry }) };
  const count = await withOutbox(invocation, (outbox) => outbox.abandon(choice, { reason, by }));
  if (count === 0)
    throw new CommandError(
      'unknown',
      `Nothing of ${serial} is parked or has failed: see "certline registry status".`,
    );
  tell(
    options.json,
    { serial, entries: count },
    `${count} ${count === 1 ? 'entry' : 'entries'} of ${serial} given up.`,
  );
}

async function withOutbox<T>(invocation: Invocation, use: (outbox: Outbox) => Promise<T>): Promise<T> {
  return await withWritableRegistry(invocation, async (registry) => {
    if (registry !== undefined) return await use(registry.outbox);
    throw new CommandError(
      'unknown',
      `There is no registry in ${invocation.stateFolder}: name the orchestrator's folder with --state.`,
    );
  });
}
