import type { EntryChoice, Outbox } from '../../registry/outbox.ts';
import type { Registry } from '../../registry/registry.ts';
import { printable } from '../../provisioning/printable.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { decisionInput } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { didYouMean } from '../nearest-names.ts';
import { tell } from '../terminal/stdout.ts';
import type { Invocation } from '../invocation.ts';
import { withRegistry, withWritableRegistry } from './open-registry.ts';

/** `certline registry retry`. Throws `unknown` where there is no registry, or what is named. */
export async function retryEntries(
  invocation: Invocation,
  { json, ...choice }: EntryChoice & { readonly json?: boolean },
): Promise<void> {
  const count = await withOutbox(invocation, choice, (outbox) => outbox.retry(choice));
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
  const count = await withOutbox(invocation, choice, (outbox) => outbox.abandon(choice, { reason, by }));
  const what = [serial, registry && `at the registry ${registry}`].filter(Boolean).join(' ');
  if (count === 0)
    throw new CommandError('unknown', `Nothing is open (${what}): see "certline registry status".`);
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

async function withOutbox<T>(
  invocation: Invocation,
  choice: EntryChoice,
  use: (outbox: Outbox) => Promise<T>,
): Promise<T> {
  return await withWritableRegistry(invocation, async (registry) => {
    if (registry !== undefined) {
      await mustBeKnown(invocation, registry, choice);
      return await use(registry.outbox);
    }
    throw new CommandError(
      'unknown',
      `There is no registry in ${invocation.stateFolder}: name the orchestrator's folder with --state.`,
    );
  });
}

/** A name that was typed wrong would look as if nothing were to be done. */
async function mustBeKnown(
  { config }: Invocation,
  registry: Registry,
  { serial, registry: name }: EntryChoice,
): Promise<void> {
  if (serial !== undefined && (await registry.unit(serial)) === undefined)
    throw new CommandError('unknown', `No batch has a unit "${printable(serial)}": correct the serial.`);
  const configured = config.registries.map((each) => each.name);
  if (name === undefined || configured.includes(name)) return;
  // One that is in the configuration no more has entries. To look for them reads the whole outbox.
  const asked = (await registry.outbox.depths()).map((depth) => depth.registry);
  const names = [...new Set([...configured, ...asked])];
  if (names.includes(name)) return;
  const there = names.length === 0 ? 'there is none' : `there: ${names.join(', ')}`;
  const message = `No device registry is called "${printable(name)}" (${there}).${didYouMean(name, names)}`;
  throw new CommandError('unknown', message);
}
