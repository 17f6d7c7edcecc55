import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { bundleWorkflows, workflowBundle } from '../../workers/workflow-bundle.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import type { ChunkRow, LoadChunkInput, LoadedChunk, UnitCounts } from '../../provisioning/batch.ts';
import type { ReleasedUnits } from '../../provisioning/permit.ts';
import type { ClaimActivities } from '../../provisioning/claim.ts';
import type { StationActivities } from '../../provisioning/delivery.ts';
import type { RegistryActivities } from '../../provisioning/registration.ts';
import type { ReleaseUnitsInput, SignerActivities } from '../../provisioning/signing.ts';
import {
  anyBoardQueue,
  provisionedBoardQueue,
  REGISTRY_QUEUE,
  SIGNER_QUEUE,
  stationQueue,
  WORKFLOW_QUEUE,
} from '../../provisioning/task-queues.ts';
import { testServer } from '../support/temporal-server.ts';

/** The activities of a line whose rooms are scripted: only what Temporal does with them is under test. */
export type ScriptedActivities = ClaimActivities &
  StationActivities &
  Omit<SignerActivities, 'releaseUnits'> &
  Omit<RegistryActivities, 'loadChunk'> & {
    /** A signer that answers nothing gives each unit its permit. */
    releaseUnits(input: ReleaseUnitsInput): Promise<ReleasedUnits | void>;
    /** Rows alone are as an earlier version loads them; here they are signed for. */
    loadChunk(input: LoadChunkInput): Promise<LoadedChunk | readonly ChunkRow[]>;
  };

const PERMIT = { signature: 'cGVybWl0' };

export const PRODUCT = 'golioth-node';
export const STATION = 'st-1';

/** Every call that reached an activity, in order: name and input. */
export type Calls = { name: string; input: never }[];

export interface Rig {
  readonly client: Client;
  readonly namespace: string;
  readonly calls: Calls;
  called(name: keyof ScriptedActivities): number;
  stop(): Promise<void>;
}

const VERIFIED_AT = '2026-01-01T00:00:01.000Z';

/** Everything goes well, on one board a unit. */
export function goodActivities(): ScriptedActivities {
  return {
    generateKeypair: async ({ unit }) => ({
      stationId: STATION,
      socket: '1',
      boardId: `b0${unit.attempt}`,
      csr: 'Y3Ny',
      spkiSha256: `spki-${unit.serial}-${unit.attempt}`,
      startedAt: '2026-01-01T00:00:00.000Z',
      signed: { at: '2026-01-01T00:00:00.500Z', signature: 'c2ln' },
    }),
    requestRenewal: async ({ unit, boardId, spkiSha256 }) => ({
      stationId: STATION,
      socket: '1',
      boardId,
      csr: 'Y3Ny',
      spkiSha256,
      requestId: `renewal-${unit.serial}-${unit.attempt}`,
      startedAt: '2026-01-01T00:00:00.000Z',
      signed: { at: '2026-01-01T00:00:00.500Z', signature: 'c2ln' },
    }),
    wipeBoard: async () => undefined,
    signCertificate: async ({ unit }) => ({
      certificate: 'Y3J0',
      certificateSerial: '40',
      fingerprint: `fp-${unit.serial}-${unit.attempt}`,
      notBefore: '2026-01-01T00:00:00.000Z',
      notAfter: '9999-12-31T23:59:59.000Z',
    }),
    flashCredentials: async () => undefined,
    verifyReadback: async ({ unit: { attempt } }) => ({
      verifiedAt: VERIFIED_AT,
      evidence: {},
      pass: {
        stationId: STATION,
        attempt,
        verifiedAt: VERIFIED_AT,
        proven: 'read-back',
        signature: 'cGFzcw==',
      },
    }),
    registerDevice: async () => undefined,
    releaseSocket: async () => undefined,
    recordFailure: async () => undefined,
    recordDecision: async () => undefined,
    recordBatchDecision: async () => undefined,
    activateCertificates: async () => [],
    unfinishedCertificates: async () => ({ certificates: [] }),
    recallCertificate: async () => ({}),
    recallProof: async () => ({}),
    recordTermination: async () => ({ outcome: 'ERROR', attempt: 1 }),
    recordRejectedBoard: async () => undefined,
    recallUnit: async () => ({ attempt: 0 }),
    judgeCertificates: async () => ({ passed: [], ended: [] }),
    recordRefusal: async () => undefined,
    releaseAttempt: async () => ({ signature: 'cmVsZWFzZQ==' }),
    permitAttempt: async ({ unit: { attempt } }) => ({ attempt, permit: PERMIT }),
    openRework: async () => ({ units: [], refusals: [] }),
    refuseRework: async () => undefined,
    recordWipe: async () => undefined,
    recordReworkFailure: async () => undefined,
    endReworkUnit: async ({ result }) => result,
    recallReworkUnit: async () => ({ attempt: 1, fingerprint: 'fp-old' }),
    rewriteResult: async () => undefined,
    revokeCertificate: async () => undefined,
    releaseUnits: async () => undefined,
    releaseAttempts: async ({ units }) =>
      units.map(({ serial, attempt }) => ({ serial, attempt: attempt + 1, hasCertificate: true })),
    returnUnits: async () => [],
    openSupplement: async () => 1,
    releaseRework: async () => undefined,
    endRework: async () => undefined,
    askOrder: async () => ({ status: 'allowed', listed: false }),
    neverBegun: async () => ({ serials: [] }),
    freeUnits: async () => undefined,
    // As an earlier orchestrator answers: the workflow then reports its own counts.
    closeBatch: async () => undefined as unknown as UnitCounts,
    loadChunk: async ({ chunk }) => [{ serial: `CL-${chunk}`, product: PRODUCT }],
  };
}

// Once a process, before any worker: what the workers have to say is noise in a test's output.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

/** The batch workflow as it is, over chunks whose units all pass at once. */
export function instantChunks(): Promise<WorkflowBundleOption> {
  return bundleWorkflows(new URL('./batch/instant-chunks.ts', import.meta.url).pathname);
}

/** A real server, real workers on the real queue names, scripted activities. */
export async function startRig(
  script: Partial<ScriptedActivities> = {},
  options: {
    workflowBundle?: WorkflowBundleOption;
    maxCachedWorkflows?: number;
    stationAbsent?: boolean;
    orchestratorAbsent?: boolean;
    /** Serials of units whose boards are in sockets. */
    ownBoards?: readonly string[];
    /** What a stranger who took the task answers; undefined: nobody took it. May throw. */
    stranger?: (name: string) => unknown;
  } = {},
): Promise<Rig & { startStation(): Promise<void>; startOrchestrator(): Promise<void> }> {
  const server = await testServer(SEARCH_ATTRIBUTES);
  const connection = await NativeConnection.connect(server.connectionOptions);
  const clientConnection = await Connection.connect(server.connectionOptions);
  const calls: Calls = [];
  const activities = recorded({ ...goodActivities(), ...script }, calls, options.stranger);
  const base = { connection, namespace: server.namespace };
  const orchestrator = async (): Promise<Worker> =>
    await Worker.create({
      ...base,
      taskQueue: WORKFLOW_QUEUE,
      workflowBundle: options.workflowBundle ?? (await workflowBundle()),
      ...(options.maxCachedWorkflows !== undefined && { maxCachedWorkflows: options.maxCachedWorkflows }),
    });
  const workers = options.orchestratorAbsent ? [] : [await orchestrator()];
  const queues = [
    SIGNER_QUEUE,
    REGISTRY_QUEUE,
    anyBoardQueue(PRODUCT),
    ...(options.ownBoards ?? []).map(provisionedBoardQueue),
    ...(options.stationAbsent ? [] : [stationQueue(STATION)]),
  ];
  for (const taskQueue of queues) workers.push(await Worker.create({ ...base, taskQueue, activities }));
  const runs = workers.map((worker) => worker.run());
  const start = (worker: Worker): void => {
    workers.push(worker);
    runs.push(worker.run());
  };
  return {
    client: new Client({ connection: clientConnection, namespace: server.namespace }),
    namespace: server.namespace,
    calls,
    called: (name) => calls.filter((call) => call.name === name).length,
    startStation: async () =>
      start(await Worker.create({ ...base, taskQueue: stationQueue(STATION), activities })),
    startOrchestrator: async () => start(await orchestrator()),
    stop: async () => {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all(runs);
      await clientConnection.close();
      await connection.close();
    },
  };
}

/** A failure as an activity of the line throws it. */
export function failure(code: string, nonRetryable = true): ApplicationFailure {
  return ApplicationFailure.create({ type: code, message: code, nonRetryable });
}

function recorded(
  activities: ScriptedActivities,
  calls: Calls,
  stranger: (name: string) => unknown = () => undefined,
): ScriptedActivities {
  const entries = Object.entries(activities).map(([name, run]) => [
    name,
    async (input: never) => {
      const forged = stranger(name);
      if (forged !== undefined) return forged;
      calls.push({ name, input });
      return asNow(name, input, await (run as (input: never) => Promise<unknown>)(input));
    },
  ]);
  return Object.fromEntries(entries) as ScriptedActivities;
}

function asNow(name: string, input: unknown, result: unknown): unknown {
  if (name === 'releaseUnits' && result === undefined)
    return { permits: (input as ReleaseUnitsInput).units.map(() => PERMIT) };
  return name === 'loadChunk' && Array.isArray(result) ? { rows: result, signed: 'c2lnbmVk' } : result;
}
