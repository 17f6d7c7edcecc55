import { createHmac, randomBytes } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WebhookRegistry } from '../../../registry/webhook/webhook-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import {
  describeDeviceRegistry,
  outcomeOf,
  plainDevice,
} from '../conformance/device-registry-conformance.ts';
import type { RegistryRig } from '../conformance/device-registry-conformance.ts';
import type { DoubleServer } from '../http/double-server.ts';
import { EventReceiver } from './event-receiver.ts';

const ANY_SUCCESS = 'any answer of success is one: the body is not read';
const NO_REPEAT = 'a receiver knows a repetition by its id and says no more';

interface Receiver extends RegistryRig {
  readonly double: DoubleServer;
  readonly secretPath: string;
  /** The next event gets this status. */
  readonly refuse: (status: number) => void;
}

/** A receiver with these secrets, or with one of its own, of which it knows the last. */
async function receiver(...secrets: readonly string[]): Promise<Receiver> {
  const lines = secrets.length > 0 ? secrets : [`whsec_${randomBytes(32).toString('base64')}`];
  const secretPath = join(temporaryFolder(), 'secret');
  writeFileSync(secretPath, lines.join('\n'), { mode: 0o600 });
  const events = await EventReceiver.start(lines.at(-1)!);
  const double = events.server;
  const registry = new WebhookRegistry({
    name: 'erp',
    url: `${double.url}/hook?tenant=1`,
    secretFile: secretPath,
    deadlineMs: 2_000,
  });
  return {
    registry,
    double,
    secretPath,
    refuse: (status) => void (events.refusal = status),
    inUse: () => events.inUse(),
    misbehave: double.misbehave,
    plant: () => undefined,
    secrets: () => [
      ...lines.map((line) => line.slice('whsec_'.length)),
      ...double.questions.flatMap(({ headers }) => headers['webhook-signature'] ?? []),
    ],
  };
}

describeDeviceRegistry(
  'a webhook',
  () => receiver(),
  { device: plainDevice, refusedDevice: () => plainDevice('CL-REFUSED') },
  {
    'conflict-ours': NO_REPEAT,
    'conflict-others': NO_REPEAT,
    'stale-read': 'a receiver cannot be asked',
    garbage: ANY_SUCCESS,
    stub: ANY_SUCCESS,
    'mixed-up': ANY_SUCCESS,
  },
);

describe('an event', () => {
  it('has the same id and the same bytes each time, and its address keeps its query', async () => {
    const { registry, double } = await receiver();
    for (let times = 0; times < 2; times += 1) await outcomeOf(registry, 'put', plainDevice('CL-1'));
    await outcomeOf(registry, 'withdraw', plainDevice('CL-1'));
    const [first, second, third] = double.questions;
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
    expect(second!.body).toEqual(first!.body);
    expect(third!.headers['webhook-id']).not.toBe(first!.headers['webhook-id']);
    expect(first!.query.get('tenant')).toBe('1');
    await registry.close();
  });

  it('is signed with both secrets while they change', async () => {
    const secrets = [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`);
    const { registry, inUse } = await receiver(...secrets);
    // The receiver verifies with the second one.
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toBe('done');
    expect(await inUse()).toHaveLength(1);
    await registry.close();
  });

  it.each([
    [400, 'credentials'],
    [401, 'credentials'],
    [403, 'credentials'],
    [404, 'credentials'],
    [410, 'credentials'],
    [409, 'conflict'],
    [413, 'refused'],
    [422, 'refused'],
    [500, 'unavailable'],
  ])('that gets %d is %s', async (status, reason) => {
    const { registry, refuse } = await receiver();
    refuse(status);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason });
    await registry.close();
  });

  it('waits as long as the receiver asks', async () => {
    const { registry, misbehave } = await receiver();
    misbehave('throttle');
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ waitMs: 7_000 });
    await registry.close();
  });
});

describe('the secret', () => {
  it('is that of the file at each event, and so are the rights of the file', async () => {
    const secrets = [1, 2].map(() => `whsec_${randomBytes(24).toString('base64')}`) as [string, string];
    const { registry, double, secretPath, refuse } = await receiver(secrets[0]);
    const signsWith = async (secret: string): Promise<boolean> => {
      // The receiver knows the first one only, and does not verify what it refuses.
      refuse(422);
      await outcomeOf(registry, 'put', plainDevice('CL-1'));
      const { headers, body } = double.questions.at(-1)!;
      const signed = `${headers['webhook-id'] as string}.${headers['webhook-timestamp'] as string}.${body.toString()}`;
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      return (
        headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
      );
    };
    expect(await signsWith(secrets[0])).toBe(true);
    // In place, and of the same length.
    writeFileSync(secretPath, secrets[1]);
    expect(await signsWith(secrets[1])).toBe(true);
    chmodSync(secretPath, 0o644);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'credentials' });
    rmSync(secretPath);
    expect(await outcomeOf(registry, 'put', plainDevice('CL-1'))).toMatchObject({ reason: 'credentials' });
    await registry.close();
  });

  it.each([
    ['others can read', 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 0o644, 'chmod 600'],
    ['is too short', 'whsec_AAAA', 0o600, '24 to 64 bytes'],
    ['is of another kind', 'hunter2-and-more-of-the-same-kind', 0o600, 'whsec_'],
    ['is empty', '\n', 0o600, 'it is empty'],
  ])('that %s is refused before anything is sent, and not repeated', async (_why, text, mode, says) => {
    const { double } = await receiver();
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, text, { mode });
    const registry = new WebhookRegistry({ name: 'erp', url: double.url, secretFile: path });
    const outcome = await outcomeOf(registry, 'put', plainDevice('CL-1'));
    expect(outcome).toMatchObject({ reason: 'credentials', message: expect.stringContaining(says) });
    expect(String(outcome)).not.toContain('hunter2');
    expect(double.questions).toEqual([]);
    const checked = await registry.check(new AbortController().signal);
    expect(checked.map(({ fault }) => fault !== undefined)).toEqual([true, false]);
    await registry.close();
  });
});
