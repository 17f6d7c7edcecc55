import type { Board } from '../fixtures/board/board.ts';
import { mustBeReplaceable } from '../fixtures/board/replaceable.ts';
import { requestRenewal } from '../fixtures/board/request-renewal.ts';
import { wipeBoard } from '../fixtures/board/wipe-board.ts';
import { writeNewKey } from '../fixtures/board/write-key.ts';
import type { WrittenKey } from '../fixtures/board/write-key.ts';
import { FixtureError } from '../fixtures/fixture-error.ts';
import type { Station } from '../fixtures/station/station.ts';
import { FAILURES, isFailureCode } from '../provisioning/failure-table.ts';
import type { ClaimActivities, GeneratedKeypair, StationSignature } from '../provisioning/claim.ts';
import type { Permit } from '../provisioning/permit.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { UnitAttempt } from '../provisioning/unit.ts';
import { checkPermit, checkPermitAge, isPermitFresh } from '../pki/signing/permits.ts';
import { PkiError } from '../pki/pki-error.ts';
import { signStatement } from '../pki/signing/signed-request.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { renewalRequestId, signingRequestId } from '../provisioning/signing-request-id.ts';
import type { Socket } from '../fixtures/station/socket.ts';
import { translated } from './failure-translation.ts';
import { fitInput } from './fit-input.ts';
import type { InputSchema } from './fit-input.ts';
import { tellingFaults } from './own-fault.ts';
import { STATION_INPUTS } from './station-inputs.ts';
import { withHeartbeat } from './heartbeat.ts';

/** The station with its own key, and the public keys of the signers whose permits it accepts. */
export interface ClaimParts {
  readonly station: Station;
  readonly key: StationKey;
  readonly signers: readonly NoteVerifier[];
}

/** Step 1, served on the queue of what a board is; taking the task is the claim. */
export function createClaimActivities(parts: ClaimParts, queue: string): ClaimActivities {
  const { station, key } = parts;
  const claimed = <Input, T>(
    schema: InputSchema<Input>,
    take: (input: Input, socket: Socket, signal: AbortSignal) => Promise<T>,
  ) => {
    return (input: Input): Promise<T> =>
      translated(
        STEP_FAULT.generateKeypair,
        () =>
          tellingFaults(station, async () => {
            const known = fitInput(schema, input);
            return await withHeartbeat((signal) =>
              station.claim(queue, signal, (socket) => take(known, socket, signal)),
            );
          }),
        'elsewhere',
      );
  };
  return {
    generateKeypair: claimed(STATION_INPUTS.generateKeypair, async (input, socket, signal) => {
      const { unit, permit, boardId: expected } = input;
      const claimant = { unit, permit, expected, signal };
      const written = await keyOn(parts, socket, claimant, (board, boardId, replaces) =>
        writeNewKey(board, { serial: unit.serial, boardId, replaces }, signal),
      );
      return { ...written, signed: signedRequest(key, claimant, written) };
    }),
    requestRenewal: claimed(STATION_INPUTS.requestRenewal, async (input, socket, signal) => {
      const { unit, permit, boardId: expected, spkiSha256 } = input;
      const claimant = { unit, permit, expected, signal, renews: spkiSha256 };
      const held = await keyOn(parts, socket, claimant, (board, boardId) =>
        requestRenewal(board, { serial: unit.serial, boardId, spkiSha256 }, signal),
      );
      const written = { ...held, requestId: renewalRequestId(unit, spkiSha256) };
      return { ...written, signed: signedRequest(key, claimant, written) };
    }),
    wipeBoard: claimed(STATION_INPUTS.wipeBoard, ({ unit, permit, boardId: expected }, socket, signal) =>
      onBoard(parts, socket, { unit, permit, expected, signal }, async (board, boardId, replaces) => {
        await wipeBoard(board, { serial: unit.serial, boardId, replaces }, signal);
        station.holds.fail(socket.config.id, boardId, unit, 'SCRAPPED');
      }),
    ),
  };
}

/** For whom a board is claimed. */
interface Claimant {
  readonly unit: UnitAttempt;
  readonly permit: Permit | undefined;
  /** The board that it must be; undefined where any will do. */
  readonly expected: string | undefined;
  /** The key of the board, where it stays. */
  readonly renews?: string;
  readonly signal: AbortSignal;
}

/** What is done to a board, from which only these certificates may be removed. */
type TakeBoard<T> = (board: Board, boardId: string, replaces: readonly string[] | undefined) => Promise<T>;

/** The unit has a key on the board, and holds it. */
async function keyOn(
  parts: ClaimParts,
  socket: Socket,
  claimant: Claimant,
  take: TakeBoard<WrittenKey>,
): Promise<Omit<GeneratedKeypair, 'signed'>> {
  const { station } = parts;
  const startedAt = new Date().toISOString();
  const key = await onBoard(parts, socket, claimant, async (board, boardId, replaces) => {
    const taken = await take(board, boardId, replaces);
    station.holds.hold(socket.config.id, boardId, claimant.unit, taken.spkiSha256);
    return taken;
  });
  return {
    stationId: station.id,
    socket: socket.config.id,
    boardId: key.boardId,
    csr: Buffer.from(key.csr).toString('base64'),
    spkiSha256: key.spkiSha256,
    startedAt,
  };
}

/** Lends the board in the socket to step 1. A board that a rework takes is reserved for it before it is touched. */
async function onBoard<T>(
  { station, signers }: ClaimParts,
  socket: Socket,
  { unit, permit, expected, renews, signal }: Claimant,
  take: TakeBoard<T>,
): Promise<T> {
  const { seated } = socket;
  if (!seated)
    throw new FixtureError('NO_BOARD', `The board in socket ${socket.config.id} was just removed.`);
  const { boardId } = seated;
  // Before the board is touched: anybody may have sent the task.
  mustBePermitted(unit, { permit, boardId }, signers);
  if (renews === undefined) mustReplace(seated, unit, permit);
  else mustRenew(unit, { permit, renews });
  const replaces = isPermitFresh(permit) ? permit?.replaces : undefined;
  const work = { serial: unit.serial, step: 'generateKeypair' as const, boardId };
  try {
    if (expected !== undefined) station.holds.reserve(boardId, expected, unit.serial);
    return await socket.use(work, signal, (board) => take(board, boardId, replaces));
  } catch (error) {
    await setAside(station, socket, unit, error);
    throw error;
  }
}

/** Throws PERMIT_INVALID, and SIGNER_UNKNOWN where another station may know the signer of the permit. */
function mustBePermitted(...[unit, asked, signers]: Parameters<typeof checkPermit>): void {
  try {
    checkPermit(unit, asked, signers);
  } catch (error) {
    if (!(error instanceof PkiError) || error.reason !== 'signature') throw error;
    throw new FixtureError('SIGNER_UNKNOWN', error.message, { cause: error });
  }
}

/** Throws PERMIT_INVALID for a board with a certificate that the permit does not name, or named long ago. */
function mustReplace(
  seated: Parameters<typeof mustBeReplaceable>[0],
  { serial }: UnitAttempt,
  permit: Permit | undefined,
): void {
  mustBeReplaceable(seated, permit?.replaces);
  if (seated.boardClass.kind === 'complete') checkPermitAge(serial, permit);
}

/** Throws PERMIT_INVALID where no person asked for a renewal of the certificate of this key, or did so long ago. */
function mustRenew(
  { serial }: UnitAttempt,
  { permit, renews }: { readonly permit: Permit | undefined; readonly renews: string },
): void {
  if (permit?.renews !== renews) {
    const message = `The permit of ${serial} does not allow to renew the certificate on its board: create a rework.`;
    throw new PkiError('PERMIT_INVALID', message, { reason: 'renews' });
  }
  checkPermitAge(serial, permit);
}

function signedRequest(
  { verifier, privateKey }: StationKey,
  { unit, permit }: Pick<Claimant, 'unit' | 'permit'>,
  { boardId, spkiSha256, requestId }: Pick<GeneratedKeypair, 'boardId' | 'spkiSha256' | 'requestId'>,
): StationSignature {
  const at = new Date().toISOString();
  const board = { boardId, permit, spkiSha256, requestId: requestId ?? signingRequestId(unit, spkiSha256) };
  const statement = { ...unit, ...board, stationId: verifier.name, at };
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
