import type { NativeConnection } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { createSignerActivities } from '../activities/signer-activities.ts';
import { profileOfProduct } from '../pki/profile/certificate-profile.ts';
import { Issuer } from '../pki/signing/issuer.ts';
import { SigningDesk } from '../pki/signing/signing-desk.ts';
import { StationGate } from '../pki/signing/station-gate.ts';
import type { SqlLedger } from '../pki/ledger/sql-ledger.ts';
import type { StationRates } from '../pki/ledger/station-rates.ts';
import { OrderDesk } from '../pki/orders/order-desk.ts';
import type { OrderSources } from '../pki/orders/order-desk.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import { trySample } from '../pki/signing/profile-sample.ts';
import type { Product } from '../provisioning/product.ts';
import { SIGNER_QUEUE } from '../provisioning/task-queues.ts';
import { runWorker } from './role.ts';
import type { Role } from './role.ts';
import { dataConverter } from '../temporal/connection.ts';

export interface SignerRoleOptions {
  readonly ca: IssuingCa;
  readonly ledger: SqlLedger;
  readonly rates: StationRates;
  readonly orders: OrderSources;
  readonly products: readonly Product[];
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** The signer, alone with the CA key. Throws PROFILE_INVALID for a product that this CA cannot certify as configured. */
export async function startSigner(options: SignerRoleOptions): Promise<Role> {
  const { ca, ledger, rates, orders: sources, products, connection, namespace } = options;
  const profiles = new Map(products.map((product) => [product.name, profileOfProduct(product)]));
  for (const [product, profile] of profiles)
    await trySample(product, { profile, issuer: ca.facts, now: new Date() });
  const issuer = new Issuer({ ca, ledger, profileOf: (product) => profiles.get(product) });
  const stations = new StationGate(ledger, rates);
  const desk = new SigningDesk({ stations, orders: new OrderDesk(sources, ledger), issuer, ledger });
  const worker = await Worker.create({
    connection,
    namespace,
    dataConverter,
    identity: 'signer',
    shutdownGraceTime: '10 seconds',
    taskQueue: SIGNER_QUEUE,
    activities: createSignerActivities(desk),
  });
  return runWorker(worker);
}
