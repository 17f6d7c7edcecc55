import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import type { RecalledUnit } from '../../provisioning/registration.ts';
import type { IssuedCertificate } from '../../provisioning/signing.ts';
import { registryBookkeeping, signerBookkeeping, stationMemory } from '../steps.ts';
import { FurtherAttempt } from './restarted-unit.ts';
import type { RestartedUnit } from './restarted-unit.ts';
import { stepFailure } from './step-failure.ts';
import type { StepFailure } from './step-failure.ts';
import type { UnitPassage } from './unit-passage.ts';

/** Where a station of an earlier version did not keep the socket. */
const UNKNOWN_SOCKET = 'unknown';

const UNASKED =
  'The unit was reset: retry it, or if its tile said PASS, take its board back from the good tray.';

/**
 * A unit that somebody reset, or started again, begins another attempt, `next`. If its board was proven before that, and not
 * registered, its tile said PASS and it may be in the good tray by now: then this attempt is that one, and only its
 * registration is missing. Returns why nobody knows, where the station does not answer, or the attempt failed otherwise.
 */
export async function startOver(
  passage: UnitPassage,
  restarted: Pick<RestartedUnit, 'recalled' | 'settle'>,
  { attempt: next, underWay }: Pick<FurtherAttempt, 'attempt' | 'underWay'>,
): Promise<StepFailure | undefined> {
  const { recalled } = restarted;
  const { batchId, serial } = passage.unit;
  let issued: IssuedCertificate | undefined;
  try {
    if (patched('proven-before'))
      ({ issued } = await signerBookkeeping.recallCertificate({ batchId, serial }));
  } catch (error) {
    // The signer does not say, and does not try again: a person decides, and then it is asked again.
    const { code, message = FAILURES[code].hint } = stepFailure(error, 'signCertificate');
    return { code, message: `${message} ${UNASKED}` };
  }
  const { attempt: current } = passage.unit;
  // A later one is recorded as failed where the signer did not say it when it was asked before.
  const least = current > underWay ? current : 0;
  passage.startOver(next);
  const failure = issued && (await takeUp(passage, recalled, { issued, underWay, least }));
  if (issued && passage.verified === undefined && patched('note-earlier-certificate'))
    await noteEarlier(passage, issued);
  restarted.settle();
  return failure;
}

/**
 * A unit that was reset is cancelled, maybe before it has started over: its board may be in the good tray nevertheless. Returns why
 * nobody knows whether it was proven, where that is so.
 */
export async function lookBack(
  passage: UnitPassage,
  restarted: RestartedUnit,
): Promise<StepFailure | undefined> {
  try {
    await restarted.mayBegin(passage);
    return undefined;
  } catch (error) {
    if (!(error instanceof FurtherAttempt)) throw error;
    // Earlier versions did not look.
    return patched('look-back-when-cancelled') ? await startOver(passage, restarted, error) : undefined;
  }
}

/** What the run before this one left. */
interface Left {
  readonly issued: IssuedCertificate;
  /** The attempt that this run had replayed. */
  readonly underWay: number;
  /** The unit is registered with this attempt or a later one. */
  readonly least: number;
}

/** Continues with the board of this certificate, if it was proven and only its registration is missing. */
async function takeUp(
  passage: UnitPassage,
  recalled: RecalledUnit | undefined,
  { issued, underWay, least }: Left,
): Promise<StepFailure | undefined> {
  // A retry that this run has seen continues with another board. Earlier versions asked for no attempt that had failed.
  const failed = recalled !== undefined && issued.attempt <= recalled.attempt ? recalled : undefined;
  if (failed && !(failed.code && underWay <= failed.attempt && patched('proven-and-failed')))
    return undefined;
  const { attempt, requestId, spkiSha256, boardId, stationId, signed } = issued;
  try {
    const unit = { ...passage.unit, attempt };
    const { verified, socket = UNKNOWN_SOCKET } = await stationMemory(stationId).recallProof({
      unit,
      boardId,
    });
    if (verified === undefined) return undefined;
    if (failed && !isOnlyUnregistered(failed, issued))
      return { code: 'STATION_FAULT', message: failedOf(issued) };
    const { verifiedAt: startedAt } = verified;
    const keypair = { stationId, socket, boardId, spkiSha256, startedAt, requestId };
    passage.adopt(attempt, { keypair, signed, verified }, Math.max(failed?.attempt ?? attempt, least));
    return undefined;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { code: 'STATION_UNREACHABLE', message: unknownOf(issued) };
  }
}

/**
 * Its board may have this certificate, and the unit continues without it. The registry learns of it here alone: it is withdrawn
 * where the unit ends.
 */
async function noteEarlier(
  { unit: { batchId, serial } }: UnitPassage,
  { boardId, signed: { certificate } }: IssuedCertificate,
): Promise<void> {
  await registryBookkeeping.recallUnit({ batchId, serial, boardCertificate: { boardId, certificate } });
}

/**
 * Only the registration failed, how often somebody retried it. An attempt that failed before may have been followed by
 * one that wiped this very board, and a station keeps the proof of a board until it proves it again.
 */
function isOnlyUnregistered({ code, attempt }: RecalledUnit, issued: IssuedCertificate): boolean {
  if (!isFailureCode(code) || FAILURES[code].blame !== 'registry') return false;
  // The registry may also have refused to release the last attempt, before it had a board.
  return attempt === issued.attempt || code !== 'REGISTRY_CONFLICT';
}

function failedOf({ boardId, stationId, attempt }: IssuedCertificate): string {
  return `The unit was reset. Attempt ${attempt} is recorded as failed, and ${stationId} had proven its board ${boardId}: if its tile said PASS, take that board back from the good tray: a retry makes a new key.`;
}

function unknownOf({ boardId, stationId }: IssuedCertificate): string {
  return `The unit was reset after board ${boardId} at ${stationId} got its certificate, and that station does not say whether the board was proven. If its tile said PASS, take that board back from the good tray: a retry uses another one.`;
}
