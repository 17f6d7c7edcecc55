import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AzureDpsRegistry } from '../../../registry/azure-dps/azure-dps-registry.ts';
import type { DeviceRegistry } from '../../../registry/device-registry.ts';
import { NrfCloudRegistry } from '../../../registry/nrf-cloud/nrf-cloud-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { DpsDouble } from '../azure-dps/dps-double.ts';
import type { DoubleServer } from '../http/double-server.ts';
import { NrfCloudDouble } from '../nrf-cloud/nrf-cloud-double.ts';
import { registration } from '../record/opened.ts';
import { passedLot } from './drained.ts';

interface Cloud {
  readonly double: { readonly server: DoubleServer; readonly inUse: () => readonly string[] };
  readonly registry: DeviceRegistry;
}

function secretFile(text: string): string {
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function dps(): Promise<Cloud> {
  const double = await DpsDouble.start();
  const options = { url: double.server.url, secretFile: secretFile(double.connectionString()) };
  return { double, registry: new AzureDpsRegistry({ name: 'cloud', ...options }) };
}

async function nrf(): Promise<Cloud> {
  const double = await NrfCloudDouble.start();
  const options = { url: double.server.url, secretFile: secretFile(double.apiKey), pollMs: 1 };
  return { double, registry: new NrfCloudRegistry({ name: 'cloud', ...options }) };
}

describe('a certificate that is revoked just after it was put', () => {
  it.each([
    ['Azure DPS', dps],
    ['nRF Cloud', nrf],
  ])('ends at %s, which does not show it yet', async (_name, start) => {
    const { double, registry: cloud } = await start();
    const { drained, depth, registry, serials, clock } = await passedLot(1);
    await drained(cloud);
    const { certificateSerial, certificateSha256 } = registration(serials[0]!);
    expect(double.inUse()).toEqual([certificateSha256]);
    const revocations = [{ certificateSerial, reason: 'keyCompromise', revokedAt: '2026-02-01T00:00:00Z' }];
    await registry.applyRevocations({ issuerKey: 'ca', number: 1, revocations });
    const shownFrom = clock.now() + 60_000;
    double.server.mood = () => (clock.now() < shownFrom ? 'stale-read' : undefined);
    await drained(cloud);
    expect(double.inUse()).toEqual([]);
    expect(await depth()).toMatchObject({ waiting: 0, parked: 0, done: 1 });
    await cloud.close();
  });
});
