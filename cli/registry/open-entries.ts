import type { EntryChoice, Outbox } from '../../registry/outbox.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry, withWritableRegistry } from './open-registry.ts';

/** `certline registry retry`. Throws `unknown` where there is no registry. */
export async function retryEntries(
  invocation: Invocation,
  { json, ...choice }: EntryChoice & { readonly json?: boolean },
): Promise<void> {
  const count = await withOutbox(invocation, (outbox) => outbox.retry(choice));
  tell(
    json,
    { entries: count },
    `${entries(count)} ${count === 1 ? 'is' : 'are'} tried again at once, and pauses end.`,
  );
}

export interface AbandonOptions {
  readonly registry?: string;
  readonly reason: string;
  readonly by?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `certline registry abandon`: what is not done of a unit, or all of a device registry. Throws `usage` where neither is named or
 * nobody can be asked, `refused` where the answer is no, `unknown` where there is no registry, or nothing to give up.
 */
export async function abandonEntries(
  invocation: Invocation,
  serial: string | undefined,
  { registry, ...options }: AbandonOptions,
): Promise<void> {
  const choice = { ...(serial !== undefined && { serial }), ...(registry !== undefined && { registry }) };
  if (serial === undefined) await mustBeMeant(invocation, registry, options);
  const { reason = '', by = '' } = decisionInput(options);
  const count = await withOutbox(invocation, (outbox) => outbox.abandon(choice, { reason, by }));
  const what = [serial, registry && `at the registry ${registry}`].filter(Boolean).join(' ');
  if (count === 0)
    throw new CommandError('unknown', `Nothing of ${what} is open: see "certline registry status".`);
  tell(options.json, { ...choice, entries: count }, `${entries(count)} given up (${what}).`);
}

/** All of a device registry: also withdrawals of certificates that are revoked. */
async function mustBeMeant(
  invocation: Invocation,
  registry: string | undefined,
  options: Pick<AbandonOptions, 'yes'>,
): Promise<void> {
  if (registry === undefined)
    throw new CommandError('usage', 'Name a unit, or a device registry with --registry.');
  const what = 'give up all of a device registry';
  mustBeConfirmable(what, options);
  const depths = await withRegistry(invocation, ({ outbox }) => outbox.depths());
  const { waiting = 0, parked = 0 } = depths.find((each) => each.registry === registry) ?? {};
  const question = `Give up ${entries(waiting + parked)} of the registry ${registry}? Nothing about these units is sent to it, also not which certificates are revoked.`;
  if (waiting + parked > 0) await confirm(what, question, options);
}

function entries(count: number): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'}`;
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
