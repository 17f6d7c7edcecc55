import { writeNewKey } from '../fixtures/board/write-key.ts';
import { FixtureError } from '../fixtures/fixture-error.ts';
import type { Station } from '../fixtures/station/station.ts';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type {
  ClaimActivities,
  GenerateKeypairInput,
  GeneratedKeypair,
  StationSignature,
} from '../provisioning/claim.ts';
import type { Permit } from '../provisioning/permit.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { UnitAttempt } from '../provisioning/unit.ts';
import { checkPermit } from '../pki/signing/permits.ts';
import { signStatement } from '../pki/signing/signed-request.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { signingRequestId } from '../provisioning/signing-request-id.ts';
import type { Socket } from '../fixtures/station/socket.ts';
import { translated } from './failure-translation.ts';
import { withHeartbeat } from './heartbeat.ts';

/** The station with its own key, and the public keys of the signers whose permits it accepts. */
export interface ClaimParts {
  readonly station: Station;
  readonly key: StationKey;
  readonly signers: readonly NoteVerifier[];
}

/** Step 1, served on the queue of what a board is; taking the task is the claim. */
export function createClaimActivities(parts: ClaimParts, queue: string): ClaimActivities {
  return {
    generateKeypair: (input) =>
      translated(STEP_FAULT.generateKeypair, () =>
        withHeartbeat((signal) =>
          parts.station.claim(queue, signal, (socket) => generateOn(parts, socket, input, signal)),
        ),
      ),
  };
}

async function generateOn(
  { station, key: stationKey, signers }: ClaimParts,
  socket: Socket,
  { unit, permit }: GenerateKeypairInput,
  signal: AbortSignal,
): Promise<GeneratedKeypair> {
  const startedAt = new Date().toISOString();
  const { seated } = socket;
  if (!seated)
    throw new FixtureError('NO_BOARD', `The board in socket ${socket.config.id} was just removed.`);
  const { boardId } = seated;
  // Before the board is touched: anybody may have sent the task.
  checkPermit(unit, { permit, boardId }, signers);
  const work = { serial: unit.serial, step: 'generateKeypair' as const, boardId };
  try {
    const key = await socket.use(work, signal, async (board) => {
      const written = await writeNewKey(board, unit.serial, boardId, signal);
      station.holds.hold(socket.config.id, boardId, unit, written.spkiSha256);
      return written;
    });
    return {
      stationId: station.id,
      socket: socket.config.id,
      boardId,
      csr: Buffer.from(key.csr).toString('base64'),
      spkiSha256: key.spkiSha256,
      startedAt,
      signed: signedRequest(stationKey, unit, { boardId, permit, spkiSha256: key.spkiSha256 }),
    };
  } catch (error) {
    await setAside(station, socket, unit, error);
    throw error;
  }
}

function signedRequest(
  { verifier, privateKey }: StationKey,
  unit: UnitAttempt,
  board: { readonly boardId: string; readonly permit: Permit | undefined; readonly spkiSha256: string },
): StationSignature {
  const at = new Date().toISOString();
  const requestId = signingRequestId(unit, board.spkiSha256);
  const statement = { ...unit, ...board, requestId, stationId: verifier.name, at };
  return { at, signature: signStatement(statement, privateKey) };
}

/** A board that cannot take a key is benched, so that the next try meets another one; any other is looked at again. */
async function setAside(station: Station, socket: Socket, unit: UnitAttempt, error: unknown): Promise<void> {
  const { code } = error as { code?: unknown };
  const { seated } = socket;
  if (seated && isFailureCode(code) && FAILURES[code].benches) {
    station.holds.fail(socket.config.id, seated.boardId, unit, code);
    const { message } = error as Error;
    station.reject(socket, { boardId: seated.boardId, code, message, serial: unit.serial });
  } else {
    await socket.reseat();
  }
}
