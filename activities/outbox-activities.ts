import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { describeCertificate } from '../pki/lint/certificate-facts.ts';
import type { DrainInput, DrainReport, OutboxActivities } from '../provisioning/outbox-drain.ts';
import { DRAIN_MS } from '../provisioning/timeouts.ts';
import type { Device } from '../registry/device-registry.ts';
import type { Outbox } from '../registry/outbox.ts';
import { SYSTEM_CLOCK } from '../registry/outbox/clock.ts';
import type { ConfiguredRegistry } from '../registry/outbox/configured-registry.ts';
import { drain } from '../registry/outbox/drain.ts';
import { translated } from './failure-translation.ts';
import { fitInput } from './fit-input.ts';
import { id } from './input-parts.ts';
import { withHeartbeat } from './heartbeat.ts';

const DRAIN_INPUT = z.strictObject({ registry: id });

export interface OutboxParts {
  readonly outbox: Outbox;
  readonly deviceRegistries: readonly ConfiguredRegistry[];
  /** Aborted when this process stops: a drain ends then, and continues in the next one. */
  readonly stopping: AbortSignal;
}

/** Brings device registries to have what the registry of record says. */
export function createOutboxActivities(parts: OutboxParts): OutboxActivities {
  return {
    drainOutbox: (input) =>
      translated(
        'REGISTRY_FAULT',
        () => withHeartbeat((signal) => drainOne(parts, fitInput(DRAIN_INPUT, input), signal)),
        'endless',
      ),
  };
}

async function drainOne(
  { outbox, deviceRegistries, stopping }: OutboxParts,
  { registry: name }: DrainInput,
  cancelled: AbortSignal,
): Promise<DrainReport> {
  const configured = deviceRegistries.find(({ registry }) => registry.name === name);
  if (configured !== undefined) {
    const { log } = Context.current();
    const onDefect = (error: unknown): void =>
      log.error('a call to a device registry failed', { name, error });
    const parts = { ...configured, outbox, namesIn, clock: SYSTEM_CLOCK, onDefect };
    await drain(parts, Date.now() + DRAIN_MS, AbortSignal.any([cancelled, stopping]));
  }
  return { isConfigured: configured !== undefined, ...(await depthOf(outbox, name)) };
}

function namesIn(certificate: Uint8Array): Pick<Device, 'commonName' | 'organization'> | undefined {
  const facts = describeCertificate(certificate);
  return facts && { commonName: facts.commonName, organization: facts.organization };
}

async function depthOf(outbox: Outbox, name: string): Promise<Omit<DrainReport, 'isConfigured'>> {
  const backlog = (await outbox.backlog()).find(({ registry }) => registry === name);
  if (backlog === undefined) return { waiting: 0, parked: 0 };
  const { waiting, parked, oldestAt } = backlog;
  const { message } = await outbox.standing(name);
  return {
    waiting,
    parked,
    ...(oldestAt !== undefined && { oldestAt: new Date(oldestAt).toISOString() }),
    ...(message !== undefined && { trouble: message }),
  };
}
