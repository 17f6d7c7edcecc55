import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import type { IssuedCertificate } from '../../provisioning/signing.ts';
import { signerBookkeeping, stationMemory } from '../steps.ts';
import type { RestartedUnit } from './restarted-unit.ts';
import type { StepFailure } from './step-failure.ts';
import type { UnitPassage } from './unit-passage.ts';

/** Where a station of an earlier version did not keep the socket. */
const UNKNOWN_SOCKET = 'unknown';

/**
 * A unit that somebody reset, or started again, begins another attempt, `next`. If its board was proven before that, and not
 * registered, its tile said PASS and it may be in the good tray by now: then this attempt is that one, and only its
 * registration is missing. Returns why nobody knows, where the station does not answer.
 */
export async function startOver(
  passage: UnitPassage,
  { recalled }: Pick<RestartedUnit, 'recalled'>,
  next: number,
): Promise<StepFailure | undefined> {
  const { batchId, serial } = passage.unit;
  const isAsked = patched('proven-before');
  const issued = isAsked
    ? (await signerBookkeeping.recallCertificate({ batchId, serial })).issued
    : undefined;
  passage.startOver(next);
  // What is recorded of an attempt is how it ended.
  if (issued === undefined || issued.attempt <= (recalled?.attempt ?? 0)) return undefined;
  const { attempt, requestId, spkiSha256, boardId, stationId, signed } = issued;
  try {
    const unit = { ...passage.unit, attempt };
    const { verified, socket = UNKNOWN_SOCKET } = await stationMemory(stationId).recallProof({
      unit,
      boardId,
    });
    if (verified === undefined) return undefined;
    const { verifiedAt: startedAt } = verified;
    const keypair = { stationId, socket, boardId, spkiSha256, startedAt, requestId };
    passage.adopt(attempt, { keypair, signed, verified });
    return undefined;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return { code: 'STATION_UNREACHABLE', message: unknownOf(issued) };
  }
}

function unknownOf({ boardId, stationId }: IssuedCertificate): string {
  return `The unit was reset after board ${boardId} at ${stationId} got its certificate, and that station does not say whether the board was proven. If its tile said PASS, take that board back from the good tray: a retry uses another one.`;
}
