import { mustCertify } from '../fixtures/board/check-certificate.ts';
import type { Board } from '../fixtures/board/board.ts';
import { proveBoard } from '../fixtures/board/prove-board.ts';
import type { Proof } from '../fixtures/board/prove-board.ts';
import type { Station } from '../fixtures/station/station.ts';
import { restartInSocket } from '../fixtures/station/restart-in-socket.ts';
import { writeCertificate } from '../fixtures/board/write-certificate.ts';
import { provenCertificate } from '../fixtures/station/proven-certificate.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { evidenceSha256, signPass } from '../pki/signing/pass-statement.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { SignedPass } from '../provisioning/pass.ts';
import type { DeliveryInput, StationActivities, VerifiedReadback } from '../provisioning/delivery.ts';
import { translated } from './failure-translation.ts';
import { fitInput } from './fit-input.ts';
import { tellFault } from './own-fault.ts';
import { STATION_INPUTS } from './station-inputs.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Steps 3 and 4, and the way out of a socket, at the station that holds the board. */
export function createStationActivities(station: Station, key: StationKey): StationActivities {
  return {
    flashCredentials: (input) =>
      translated(STEP_FAULT.flashCredentials, async () => {
        const known = fitInput(STATION_INPUTS.flashCredentials, input);
        await withHeartbeat((signal) => flash(station, known, signal));
      }),
    verifyReadback: (input) =>
      translated(STEP_FAULT.verifyReadback, async () => {
        const known = fitInput(STATION_INPUTS.verifyReadback, input);
        return await withHeartbeat((signal) => verify({ station, key }, known, signal));
      }),
    releaseSocket: (input) =>
      translated('STATION_FAULT', async () => {
        const { unit, claim, code } = fitInput(STATION_INPUTS.releaseSocket, input);
        // Before the board is offered to the next unit.
        if (station.holds.isHeldBy(claim.boardId, unit)) await tellFault(station, code);
        await station.holds.release(unit, claim, code);
      }),
    recallProof: (input) =>
      translated('STATION_FAULT', async () => {
        const { unit, boardId } = fitInput(STATION_INPUTS.recallProof, input);
        return await withHeartbeat((signal) => station.recallProof(boardId, unit, signal));
      }),
  };
}

/** Who sent the task is not known: what it brings is checked here, by the host that acts on it. */
async function flash(station: Station, input: DeliveryInput, signal: AbortSignal): Promise<void> {
  const { unit, claim, spkiSha256 } = input;
  const socket = await station.socketOf(claim.boardId, unit.serial, signal);
  const work = { serial: unit.serial, step: 'flashCredentials' as const, boardId: claim.boardId };
  await socket.use(work, signal, async (board) => {
    station.holds.mustAwait(claim.boardId, unit, spkiSha256);
    const certificate = certificateOf(input, station);
    station.succeeded();
    await writeCertificate(board, { certificate, serial: unit.serial, boardId: claim.boardId }, signal);
  });
}

async function verify(
  { station, key }: { readonly station: Station; readonly key: StationKey },
  input: DeliveryInput,
  signal: AbortSignal,
): Promise<VerifiedReadback> {
  const { unit, claim, spkiSha256 } = input;
  const before = station.holds.provenBefore(claim.boardId, unit);
  if (before?.evidence['spkiSha256'] === spkiSha256) return before.pass ? before : signed(before, input, key);
  const socket = await station.socketOf(claim.boardId, unit.serial, signal);
  const work = { serial: unit.serial, step: 'verifyReadback' as const, boardId: claim.boardId };
  const prove = async (board: Board): Promise<Proof> => {
    station.holds.mustAwait(claim.boardId, unit, spkiSha256);
    const certificate = certificateOf(input, station);
    return await proveBoard(board, { certificate, spkiSha256, boardId: claim.boardId }, signal);
  };
  const pass = (evidence: VerifiedReadback['evidence']): VerifiedReadback => {
    // The unit may have left while its board was read.
    station.holds.mustAwait(claim.boardId, unit, spkiSha256);
    const at = { socket: socket.config.id, evidenceSha256: evidenceSha256(evidence) };
    const verified = signed({ verifiedAt: new Date().toISOString(), evidence }, input, key, at);
    station.holds.pass(socket.config.id, claim.boardId, unit, verified);
    return verified;
  };
  const { restart } = socket.product;
  if (restart === undefined)
    return await socket.use(work, signal, async (board) => pass({ ...(await prove(board)) }));
  // A board with wrong files is not restarted: its firmware would take them to its cloud.
  await socket.use(work, signal, prove);
  const restarted = await restartInSocket(socket, work, restart, signal);
  // It leaves the line as the restart left it: a board can lose its files there, or never have kept them.
  return await socket.use(work, signal, async (board) => pass({ ...(await prove(board)), restarted }));
}

/** The proof with the station's word for it; one of an earlier version has none yet, and nobody knows in which socket it was made. */
function signed(
  verified: VerifiedReadback,
  { unit, claim, spkiSha256 }: DeliveryInput,
  { verifier, privateKey }: StationKey,
  at: Pick<SignedPass, 'socket' | 'evidenceSha256'> = {},
): VerifiedReadback {
  const certificateSha256 = provenCertificate(verified);
  if (certificateSha256 === undefined) return verified;
  const { batchId, serial, attempt } = unit;
  const facts = { batchId, serial, boardId: claim.boardId, spkiSha256, certificateSha256 };
  const { verifiedAt } = verified;
  const said = { stationId: verifier.name, attempt, verifiedAt, proven: 'read-back', ...at } as const;
  return { ...verified, pass: signPass(facts, said, privateKey) };
}

/** Throws CERTIFICATE_WRONG for one that may be on no board of this unit. */
function certificateOf({ certificate, unit, spkiSha256 }: DeliveryInput, station: Station): Uint8Array {
  const der = Buffer.from(certificate, 'base64');
  mustCertify(der, { serial: unit.serial, spkiSha256 }, station.issuers);
  return der;
}
