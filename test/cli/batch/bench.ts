import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Connection } from '@temporalio/client';
import { onTestFinished } from 'vitest';
import { certificateIn } from '../../../activities/certificate-payload.ts';
import { createRegistryActivities } from '../../../activities/registry-activities.ts';
import type {
  SignCertificateInput,
  SignedCertificate,
  UnfinishedCertificate,
} from '../../../provisioning/signing.ts';
import { WORKFLOW_QUEUE } from '../../../provisioning/task-queues.ts';
import { batchWorkflowId } from '../../../provisioning/workflow-ids.ts';
import type { BatchRow } from '../../../registry/registry.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { registryPath } from '../../../line/state-folder.ts';
import { openIntakeKey } from '../../../line/trusted-keys.ts';
import { failure, PRODUCT, startRig, STATION } from '../../workflows/rig.ts';
import type { Rig, ScriptedActivities } from '../../workflows/rig.ts';
import { registryParts } from '../../activities/trust.ts';
import { newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

/** A running batch PO-1, and a place whose commands talk to it. */
export interface Bench {
  readonly place: Place;
  readonly registry: SqlRegistry;
  readonly rig: Rig;
  /** Serials whose board is bad; may be changed at any time. */
  readonly bad: Set<string>;
  /** What the signer says is neither active nor withdrawn; may be changed at any time. */
  readonly unfinished: UnfinishedCertificate[];
}

/**
 * Stations and signer are scripted, some steps differently if `scripted` says so; server, workflows and registry are real.
 * The batch has these units.
 */
export async function startBench(
  serials: readonly string[],
  bad: readonly string[],
  scripted: Partial<ScriptedActivities> = {},
): Promise<Bench> {
  const environment: Record<string, string> = {};
  const place = newPlace(environment);
  mkdirSync(place.inbox);
  const registry = openRegistryFile(registryPath(place.state));
  onTestFinished(() => registry.close());
  const named = { batchId: 'PO-1', order: 'PO-1', manifest: 'lot.csv' };
  const batch = { ...named, manifestSha256: sha256('lot.csv'), quantity: serials.length };
  await registry.importBatch(batch, rowsOf(serials));
  await registry.recordStart('PO-1');
  const faulty = new Set(bad);
  const unfinished: UnfinishedCertificate[] = [];
  const rig = await startRig({
    ...scriptOf(faulty),
    unfinishedCertificates: async () => ({ certificates: unfinished }),
    ...scripted,
    ...createRegistryActivities(
      // Its own intake is the one of the place, whose commands sign with it.
      registryParts(registry, place.inbox, { intakes: () => [openIntakeKey(place.state).verifier] }),
    ),
    // What the registry believes of a pass is not under test: certificates here are made up.
    registerDevice: async ({ unit, claim, signed, spkiSha256, startedAt, verified }) =>
      await registry.registerUnit({
        ...unit,
        ...claim,
        ...certificateIn(signed, spkiSha256),
        startedAt,
        verifiedAt: verified.verifiedAt,
        evidence: verified.pass === undefined ? {} : { pass: verified.pass },
      }),
  });
  onTestFinished(() => rig.stop());
  const { address } = (rig.client.connection as Connection).options;
  Object.assign(environment, { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: rig.namespace });
  await rig.client.workflow.start('batch', {
    workflowId: batchWorkflowId('PO-1'),
    taskQueue: WORKFLOW_QUEUE,
    args: [{ ...batch, window: 4 }],
  });
  return { place, registry, rig, bad: faulty, unfinished };
}

async function* rowsOf(serials: readonly string[]): AsyncGenerator<BatchRow> {
  for (const serial of serials) yield { serial, product: PRODUCT, attrs: {} };
}

/** What the registry checks must be true of it: each unit has a board, a key and a certificate of its own. */
function scriptOf(bad: ReadonlySet<string>): Partial<ScriptedActivities> {
  return {
    generateKeypair: async ({ unit }) => ({
      stationId: STATION,
      socket: '1',
      boardId: sha256(unit.serial).slice(0, 16),
      csr: 'Y3Ny',
      spkiSha256: sha256(`key of ${unit.serial}, ${unit.attempt}`),
      startedAt: '2026-01-01T00:00:00.000Z',
      signed: { at: 's', signature: 'c2ln' },
    }),
    signCertificate: certificateFor,
    flashCredentials: async ({ unit }) => {
      if (bad.has(unit.serial)) throw failure('BOARD_GONE');
    },
  };
}

/** What the signer of a bench signs. */
export async function certificateFor({ unit }: SignCertificateInput): Promise<SignedCertificate> {
  const certificate = Buffer.from(`certificate of ${unit.serial}, ${unit.attempt}`);
  return {
    certificate: certificate.toString('base64'),
    certificateSerial: sha256(certificate).slice(0, 32),
    fingerprint: sha256(certificate),
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '9999-12-31T23:59:59.000Z',
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
