import type { KeyObject } from 'node:crypto';
import type { ReleaseUnitsInput } from '../../provisioning/signing.ts';
import type { PermitTerms } from '../../provisioning/permit.ts';
import type { AskedRework, ReworkInput } from '../../provisioning/rework.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { PkiError } from '../pki-error.ts';
import { sha256Hex } from '../x509/p256.ts';

const RELEASE_KIND = 'certline-release-v1';
const ATTEMPT_KIND = 'certline-attempt-v1';
const REWORK_KIND = 'certline-rework-v1';

/** Units of a batch that the intake accepted with its manifest. */
export type ReleaseStatement = Omit<ReleaseUnitsInput, 'signed'>;

/** The intake's word that these units are those of an accepted manifest: Ed25519, base64. */
export function signRelease(release: ReleaseStatement, privateKey: KeyObject): string {
  return signMembers(RELEASE_KIND, releaseMembers(release), privateKey);
}

/** Name of the intake that signed the release. Throws RELEASE_UNSIGNED. `signed` may be anything. */
export function checkRelease(
  { signed, ...release }: ReleaseUnitsInput,
  intakes: readonly NoteVerifier[],
): string {
  const members = releaseMembers(release);
  return signerOf(RELEASE_KIND, members, { signature: signed, what: `batch ${release.batchId}`, intakes });
}

/** The intake's word that a further attempt at a unit may be made: Ed25519, base64. */
export function signAttempt(terms: PermitTerms, privateKey: KeyObject): string {
  return signMembers(ATTEMPT_KIND, attemptMembers(terms), privateKey);
}

/** As `checkRelease`, of a further attempt. */
export function checkAttemptRelease(
  terms: PermitTerms,
  signature: unknown,
  intakes: readonly NoteVerifier[],
): string {
  const what = `attempt ${terms.attempt} at ${terms.serial}`;
  return signerOf(ATTEMPT_KIND, attemptMembers(terms), { signature, what, intakes });
}

/** The intake's word that a person at its host asked for this rework: Ed25519, base64. */
export function signRework(asked: AskedRework, privateKey: KeyObject): string {
  return signMembers(REWORK_KIND, reworkMembers(asked), privateKey);
}

/** As `checkRelease`, of a rework. */
export function checkRework({ signed, ...asked }: ReworkInput, intakes: readonly NoteVerifier[]): string {
  const what = `the rework ${asked.reworkId}`;
  return signerOf(REWORK_KIND, reworkMembers(asked), { signature: signed, what, intakes });
}

function reworkMembers({ reworkId, kind, reason, by, order, serials }: AskedRework): Members {
  const list = sha256Hex(Buffer.from(JSON.stringify(serials)));
  return [reworkId, kind, reason, by, order ?? null, list];
}

function releaseMembers({ batchId, order, manifestSha256, quantity, units }: ReleaseStatement): Members {
  return [batchId, order, manifestSha256, quantity, sha256Hex(Buffer.from(JSON.stringify(listOf(units))))];
}

function listOf(units: readonly UnitRow[]): Members[] {
  return units.map(({ serial, product, boardId }) => [serial, product, boardId ?? null]);
}

function attemptMembers({ order, batchId, serial, product, attempt, boardId }: PermitTerms): Members {
  return [order, batchId, serial, product, attempt, boardId ?? null];
}

function signerOf(
  kind: string,
  members: Members,
  said: {
    readonly signature: unknown;
    readonly what: string;
    readonly intakes: readonly NoteVerifier[];
  },
): string {
  const { signature, what, intakes } = said;
  const signer = intakes.find(({ publicKey }) => isSignedBy(kind, members, { signature, publicKey }));
  if (signer !== undefined) return signer.name;
  const cure =
    intakes.length === 0
      ? 'no intake is admitted here: type "certline intake enroll" at the orchestrator'
      : 'find out who sent it, or admit the intake again';
  const message = `The release of ${what.slice(0, 80)} is not signed by an admitted intake: ${cure}.`;
  throw new PkiError('RELEASE_UNSIGNED', message, { reason: intakes.length === 0 ? 'nobody' : 'signature' });
}
