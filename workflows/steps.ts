import type { ActivityOptions } from '@temporalio/workflow';
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { Step } from '../provisioning/step.ts';
import type { ClaimActivities } from '../provisioning/claim.ts';
import type { StationActivities } from '../provisioning/delivery.ts';
import type { RegistryActivities } from '../provisioning/registration.ts';
import type { SignerActivities } from '../provisioning/signing.ts';
import {
  anyBoardQueue,
  listedBoardQueue,
  provisionedBoardQueue,
  REGISTRY_QUEUE,
  SIGNER_QUEUE,
  stationQueue,
} from '../provisioning/task-queues.ts';
import {
  BOOKKEEPING_MS,
  HEARTBEAT_MS,
  OWN_BOARD_WAIT_MS,
  RECLAIM_WAIT_MS,
  REGISTRY_BOOKKEEPING_MS,
  RECALL_PROOF_MS,
  RELEASE_SOCKET_MS,
  RETRY_PAUSE_MS,
  SIGNER_LOOK_MS,
  STEP_LIMITS,
} from '../provisioning/timeouts.ts';
import type { UnitRow } from '../provisioning/unit.ts';
import { bookkeepingOf, stepsOf } from './checked-answers.ts';

const RETRY = { initialInterval: RETRY_PAUSE_MS.first, maximumInterval: RETRY_PAUSE_MS.longest };

/** Bookkeeping off the happy path: short, and tried until it works. */
const BOOKKEEPING: ActivityOptions = { startToCloseTimeout: BOOKKEEPING_MS, retry: RETRY };

function options(step: Step, taskQueue: string, summary: string): ActivityOptions {
  const limits = STEP_LIMITS[step];
  return {
    taskQueue,
    summary,
    startToCloseTimeout: limits.startToCloseMs,
    // What a cancelled unit undoes must have ended before it is undone: a certificate that is signed after its serial was
    // revoked would stay live.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    ...(limits.heartbeatMs !== undefined && { heartbeatTimeout: limits.heartbeatMs }),
    ...(limits.scheduleToStartMs !== undefined && { scheduleToStartTimeout: limits.scheduleToStartMs }),
    retry: { ...RETRY, backoffCoefficient: 2, maximumAttempts: limits.maximumAttempts },
  };
}

/** Step 1, on the queue of a board that fits the unit. */
export function claims(unit: UnitRow): ClaimActivities {
  const queue = unit.boardId ? listedBoardQueue(unit.boardId) : anyBoardQueue(unit.product);
  return stepsOf(
    proxyActivities<ClaimActivities>(options('generateKeypair', queue, unit.serial)),
    STEP_FAULT.generateKeypair,
  );
}

/** Step 1 of a later attempt, on the queue of the board that already carries this serial's certificate. */
export function reclaims(unit: UnitRow): ClaimActivities {
  const own = options('generateKeypair', provisionedBoardQueue(unit.serial), unit.serial);
  return stepsOf(
    proxyActivities<ClaimActivities>({ ...own, scheduleToStartTimeout: RECLAIM_WAIT_MS }),
    STEP_FAULT.generateKeypair,
  );
}

/** Step 1 at the board of a unit that passed, once it is in any socket. */
export function claimsOfOwnBoard(
  serial: string,
): Pick<ClaimActivities, 'generateKeypair' | 'requestRenewal'> {
  return stepsOf(
    proxyActivities<ClaimActivities>(options('generateKeypair', provisionedBoardQueue(serial), serial)),
    STEP_FAULT.generateKeypair,
  );
}

/** The same as a single try, whose failure says what happened to the board. */
export function triesOnOwnBoard(serial: string): Pick<ClaimActivities, 'generateKeypair'> {
  const own = options('generateKeypair', provisionedBoardQueue(serial), serial);
  return stepsOf(
    proxyActivities<ClaimActivities>({ ...own, retry: { ...own.retry, maximumAttempts: 1 } }),
    STEP_FAULT.generateKeypair,
  );
}

/** What is done to the board of a unit only if it is in a socket now. */
export function attemptsOnOwnBoard(serial: string): Pick<ClaimActivities, 'requestRenewal' | 'wipeBoard'> {
  const own = options('generateKeypair', provisionedBoardQueue(serial), serial);
  return stepsOf(
    proxyActivities<ClaimActivities>({ ...own, scheduleToStartTimeout: OWN_BOARD_WAIT_MS }),
    STEP_FAULT.generateKeypair,
  );
}

/** Step 2. */
export function signer(summary: string): Pick<SignerActivities, 'signCertificate'> {
  return stepsOf(
    proxyActivities<SignerActivities>(options('signCertificate', SIGNER_QUEUE, summary)),
    STEP_FAULT.signCertificate,
  );
}

/** Steps 3 and 4, at the station that holds the board. */
export function station(
  step: 'flashCredentials' | 'verifyReadback',
  claim: { stationId: string; socket: string },
): Pick<StationActivities, 'flashCredentials' | 'verifyReadback'> {
  const summary = `${claim.stationId} socket ${claim.socket}`;
  return stepsOf(
    proxyActivities<StationActivities>(options(step, stationQueue(claim.stationId), summary)),
    STEP_FAULT[step],
  );
}

/** Step 5. */
export function registry(summary: string): Pick<RegistryActivities, 'registerDevice'> {
  return proxyActivities<RegistryActivities>(options('registerDevice', REGISTRY_QUEUE, summary));
}

/** Bookkeeping at the signer: releases, activations and revocations. */
export const signerBookkeeping = bookkeepingOf(
  proxyActivities<Omit<SignerActivities, 'signCertificate'>>({ ...BOOKKEEPING, taskQueue: SIGNER_QUEUE }),
);

/** A look at the signer that keeps nothing waiting for long. */
export const signerLook = stepsOf(
  proxyActivities<Pick<SignerActivities, 'unfinishedCertificates'>>({
    ...BOOKKEEPING,
    taskQueue: SIGNER_QUEUE,
    scheduleToCloseTimeout: SIGNER_LOOK_MS,
  }),
  'SIGNER_FAULT',
);

/** Bookkeeping at the registry: chunks, failures, the end of a batch. */
export const registryBookkeeping = bookkeepingOf(
  proxyActivities<
    Pick<
      RegistryActivities,
      | 'loadChunk'
      | 'releaseAttempt'
      | 'openSupplement'
      | 'recordFailure'
      | 'recordDecision'
      | 'recordBatchDecision'
      | 'recordRefusal'
      | 'recordTermination'
      | 'recallUnit'
      | 'recordRejectedBoard'
      | 'judgeCertificates'
      | 'openRework'
      | 'refuseRework'
      | 'recordWipe'
      | 'recordReworkFailure'
      | 'endReworkUnit'
      | 'recallReworkUnit'
      | 'rewriteResult'
      | 'neverBegun'
      | 'freeUnits'
      | 'closeBatch'
    >
  >({
    ...BOOKKEEPING,
    taskQueue: REGISTRY_QUEUE,
    startToCloseTimeout: REGISTRY_BOOKKEEPING_MS,
    heartbeatTimeout: HEARTBEAT_MS,
  }),
);

/** What a station remembers. It may be about to start. */
export function stationMemory(stationId: string): Pick<StationActivities, 'recallProof'> {
  const asked = proxyActivities<StationActivities>({
    ...BOOKKEEPING,
    taskQueue: stationQueue(stationId),
    scheduleToCloseTimeout: RECALL_PROOF_MS,
  });
  return stepsOf(asked, 'STATION_FAULT');
}

/** Bookkeeping at a station: a unit has left its socket. A station that is down finds out by itself when it is back. */
export function stationBookkeeping(stationId: string): Pick<StationActivities, 'releaseSocket'> {
  return proxyActivities<StationActivities>({
    ...BOOKKEEPING,
    taskQueue: stationQueue(stationId),
    scheduleToCloseTimeout: RELEASE_SOCKET_MS,
  });
}
