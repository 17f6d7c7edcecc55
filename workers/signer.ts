import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { createSignerActivities } from '../activities/signer-activities.ts';
import { openLineAudit, witnessKeeper } from '../line/audit.ts';
import type { LineConfig } from '../line/config.ts';
import { crlPublisher, registryUpdater } from '../line/crl.ts';
import { openLedger } from '../line/ledger.ts';
import { assertUnaltered } from '../line/unaltered-ledger.ts';
import { orderSourcesOf, orderTermsOf } from '../line/orders.ts';
import { intakeKeysFile, openPermitKey } from '../line/trusted-keys.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import { readVerifierKeys } from '../pki/keys/verifier-key-file.ts';
import type { IssuingCa } from '../pki/ca/issuing-ca.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import { OrderDesk } from '../pki/orders/order-desk.ts';
import { profileOfProduct } from '../pki/profile/certificate-profile.ts';
import type { CertificateProfile } from '../pki/profile/certificate-profile.ts';
import { Issuer } from '../pki/signing/issuer.ts';
import { trySample } from '../pki/signing/profile-sample.ts';
import { SigningDesk } from '../pki/signing/signing-desk.ts';
import { StationGate } from '../pki/signing/station-gate.ts';
import type { Product } from '../provisioning/product.ts';
import { SHUTDOWN_GRACE_MS } from '../provisioning/timeouts.ts';
import { SIGNER_QUEUE } from '../provisioning/task-queues.ts';
import type { Registry } from '../registry/registry.ts';
import { lineDataConverter } from '../temporal/data-converter.ts';
import type { ServerConnections } from '../temporal/server-connections.ts';
import type { Monitor } from '../monitoring/monitor.ts';
import { closeAll, openInOrder } from './close-all.ts';
import { monitorPolling } from './monitor-connection.ts';
import { monitorSigner } from './monitor-signer.ts';
import { every } from './periodic-role.ts';
import type { Duty } from './periodic-role.ts';
import { joinRoles, runWorker } from './role.ts';
import type { Role } from './role.ts';
import { stepMeter } from './step-meter.ts';
import { watchStore } from './store-watch.ts';

const IDENTITY = 'signer';

/** Withdrawals within a minute share a list. */
const CRL_INTERVAL_MS = 60_000;

/** A thief of the whole host could remove at most the signatures of one minute unnoticed. */
const CHECKPOINT_INTERVAL_MS = 60_000;

/** Where a signer works. */
export interface SignerPlace {
  readonly stateFolder: string;
  readonly config: LineConfig;
  /** Opened, and closed after the signer has stopped, by the caller. */
  readonly ca: IssuingCa;
  readonly client: Client;
  readonly connections: ServerConnections;
  readonly namespace: string;
  /** Where it is on the host of the signer: it learns what each revocation list says. */
  readonly registry?: Registry;
  readonly monitor: Monitor;
  readonly log: Logger;
}

/** A signer that runs. */
export interface SignerRole extends Role {
  readonly ledger: Ledger;
  /** The public key of its audit log. */
  readonly auditKey: NoteVerifier;
}

/**
 * Opens the signer, alone with the CA key: its ledger, its audit log and witness, its worker, its revocation list.
 * Throws PROFILE_INVALID, before anything is opened, for a product that this CA cannot certify as configured; LEDGER_…
 * and AUDIT_KEY_INVALID. It ends by itself when the ledger was exchanged for an old copy, or its worker fails.
 */
export async function openSigner(place: SignerPlace): Promise<SignerRole> {
  const { stateFolder, config, ca, registry, log } = place;
  const profiles = await profilesUnder(ca, config.products);
  return await openInOrder(log, async (closing) => {
    const ledger = await openLedger({ stateFolder, config }, 'make');
    closing.push(() => ledger.close());
    const audit = await openLineAudit({
      stateFolder,
      ledger,
      witnessFile: config.auditWitnessFile,
      remote: config.auditWitness,
    });
    const orderSources = orderSourcesOf(stateFolder, config);
    await assertUnaltered(ledger);
    const keepWitness = witnessKeeper(audit);
    // What was signed last is witnessed too.
    closing.push(() => keepWitness().catch((error: unknown) => log.error({ err: error }, NO_CHECKPOINT)));
    const checkpoint = { run: keepWitness, failed: NO_CHECKPOINT, isFatal: isStale };
    const witness = every(CHECKPOINT_INTERVAL_MS, [checkpoint], log);
    closing.push(() => witness.stop());
    const orders = new OrderDesk(orderSources, ledger.orders, orderTermsOf(stateFolder, config));
    const stations = new StationGate(ledger.stations, ledger.stations.rates);
    const issuer = new Issuer({
      ca,
      issuances: ledger.issuances,
      profileOf: (product) => profiles.get(product),
    });
    const permitKey = openPermitKey(stateFolder);
    const intakes = () => readVerifierKeys(intakeKeysFile(stateFolder, config));
    const desk = new SigningDesk({ stations, orders, issuer, ledger, permitKey, intakes, log: audit });
    const worker = await startWorker(desk, place);
    closing.push(() => worker.stop());
    monitorSigner(place.monitor, { stateFolder, ca, ledger, audit });
    monitorPolling(place.monitor, place.client, { identity: IDENTITY, taskQueues: [SIGNER_QUEUE] });
    const watched = {
      name: 'ledger',
      code: 'LEDGER_UNAVAILABLE',
      assertWritable: () => ledger.assertWritable(),
    } as const;
    const store = watchStore(watched, place.client, log);
    closing.push(() => store.stop());
    const crl = every(CRL_INTERVAL_MS, crlDuties({ ca, ledger, stateFolder, log }, registry), log);
    closing.push(() => crl.stop());
    const { ended } = joinRoles([crl, worker, witness]);
    return { ledger, auditKey: audit.key.verifier, ended, stop: () => closeAll(closing) };
  });
}

const NO_CHECKPOINT = 'no checkpoint was made; the next attempt is in a minute';

/** The ledger was exchanged for an old copy: nothing may be signed any more. */
function isStale(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'LEDGER_STALE';
}

async function profilesUnder(
  ca: IssuingCa,
  products: readonly Product[],
): Promise<ReadonlyMap<string, CertificateProfile>> {
  const profiles = new Map(products.map((product) => [product.name, profileOfProduct(product)]));
  for (const [product, profile] of profiles)
    await trySample(product, { profile, issuer: ca.facts, now: new Date() });
  return profiles;
}

async function startWorker(
  desk: SigningDesk,
  { connections, namespace, monitor }: SignerPlace,
): Promise<Role> {
  const connection = await connections.openForWorkers();
  const worker = await connection.createWorker({
    namespace,
    dataConverter: lineDataConverter(),
    identity: IDENTITY,
    interceptors: stepMeter(monitor.metrics),
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    taskQueue: SIGNER_QUEUE,
    activities: createSignerActivities(desk),
  });
  return runWorker(worker);
}

/** First the list, then what the registry learns of it. */
function crlDuties(
  parts: Pick<SignerPlace, 'ca' | 'stateFolder' | 'log'> & { readonly ledger: Ledger },
  registry: Registry | undefined,
): Duty[] {
  const publish = {
    run: crlPublisher(parts, parts.log),
    failed: 'no revocation list was made; the next attempt is in a minute',
  };
  if (registry === undefined) return [publish];
  const inform = {
    run: registryUpdater({ ...parts, registry }),
    failed: 'the revocations did not reach the registry; the next attempt is in a minute',
  };
  return [publish, inform];
}
