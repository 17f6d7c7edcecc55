import { mustCertify } from '../fixtures/board/check-certificate.ts';
import { proveBoard } from '../fixtures/board/prove-board.ts';
import type { Station } from '../fixtures/station/station.ts';
import { writeCertificate } from '../fixtures/board/write-certificate.ts';
import { provenCertificate } from '../fixtures/station/proven-certificate.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { signPass } from '../pki/signing/pass-statement.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { DeliveryInput, StationActivities, VerifiedReadback } from '../provisioning/delivery.ts';
import { translated } from './failure-translation.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Steps 3 and 4, and the way out of a socket, at the station that holds the board. */
export function createStationActivities(station: Station, key: StationKey): StationActivities {
  return {
    flashCredentials: (input) =>
      translated(STEP_FAULT.flashCredentials, () => withHeartbeat((signal) => flash(station, input, signal))),
    verifyReadback: (input) =>
      translated(STEP_FAULT.verifyReadback, () =>
        withHeartbeat((signal) => verify({ station, key }, input, signal)),
      ),
    releaseSocket: ({ unit, claim, code }) =>
      translated('STATION_FAULT', () => station.holds.release(unit, claim, code)),
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
  if (before?.evidence['spkiSha256'] === spkiSha256) return signed(before, input, key);
  const socket = await station.socketOf(claim.boardId, unit.serial, signal);
  const work = { serial: unit.serial, step: 'verifyReadback' as const, boardId: claim.boardId };
  return await socket.use(work, signal, async (board) => {
    station.holds.mustAwait(claim.boardId, unit, spkiSha256);
    const certificate = certificateOf(input, station);
    const proof = await proveBoard(board, { certificate, spkiSha256, boardId: claim.boardId }, signal);
    const verified = signed({ verifiedAt: new Date().toISOString(), evidence: { ...proof } }, input, key);
    station.holds.pass(socket.config.id, claim.boardId, unit, verified);
    return verified;
  });
}

/** The proof with the station's word for it; one of an earlier version has none yet. */
function signed(
  verified: VerifiedReadback,
  { unit, claim, spkiSha256 }: DeliveryInput,
  { verifier, privateKey }: StationKey,
): VerifiedReadback {
  const certificateSha256 = provenCertificate(verified);
  if (verified.pass !== undefined || certificateSha256 === undefined) return verified;
  const { batchId, serial, attempt } = unit;
  const facts = { batchId, serial, boardId: claim.boardId, spkiSha256, certificateSha256 };
  const { verifiedAt } = verified;
  const said = { stationId: verifier.name, attempt, verifiedAt, proven: 'read-back' } as const;
  return { ...verified, pass: signPass(facts, said, privateKey) };
}

/** Throws CERTIFICATE_WRONG for one that may be on no board of this unit. */
function certificateOf({ certificate, unit, spkiSha256 }: DeliveryInput, station: Station): Uint8Array {
  const der = Buffer.from(certificate, 'base64');
  mustCertify(der, { serial: unit.serial, spkiSha256 }, station.issuers);
  return der;
}
