import type { KeyObject } from 'node:crypto';
import type { SeenLog } from '../../provisioning/signer-log.ts';
import type {
  ReleaseAttemptsInput,
  ReleaseUnitsInput,
  ReturnUnitsInput,
} from '../../provisioning/signing.ts';
import type { AttemptRelease, PermitTerms } from '../../provisioning/permit.ts';
import type { AskedRework, ReworkInput } from '../../provisioning/rework.ts';
import type { UnitRow } from '../../provisioning/unit.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { PkiError } from '../pki-error.ts';
import { sha256Hex } from '../x509/p256.ts';

const RELEASE_KIND = 'certline-release-v1';
const FURTHER_KIND = 'certline-further-v1';
const RETURN_KIND = 'certline-return-v1';
const ATTEMPT_KIND = 'certline-attempt-v2';
/** Without the time. */
const EARLIER_ATTEMPT_KIND = 'certline-attempt-v1';
const REWORK_KIND = 'certline-rework-v2';
/** Without the time. It is only known again: nothing begins by it any more. */
const EARLIER_REWORK_KIND = 'certline-rework-v1';
const ENDED_KIND = 'certline-ended-v1';

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

/** Units of a supplement: they run again in it, each after its last attempt. */
export type FurtherStatement = Omit<ReleaseAttemptsInput, 'signed' | 'reason' | 'by'>;

/** The intake's word that these units of an accepted manifest run again, in this run: Ed25519, base64. */
export function signFurther(further: FurtherStatement, privateKey: KeyObject): string {
  return signMembers(FURTHER_KIND, furtherMembers(further), privateKey);
}

/** As `checkRelease`, of units that run again. */
export function checkFurther(input: ReleaseAttemptsInput, intakes: readonly NoteVerifier[]): string {
  const { signed: signature, run } = input;
  return signerOf(FURTHER_KIND, furtherMembers(input), { signature, what: `the run ${run}`, intakes });
}

/** Units that ended and were never begun. */
export type ReturnStatement = Required<Pick<ReturnUnitsInput, 'batchId' | 'serials' | 'supplements'>>;

/** The intake's word that these units ended and were never begun: Ed25519, base64. */
export function signReturn(units: ReturnStatement, privateKey: KeyObject): string {
  return signMembers(RETURN_KIND, returnMembers(units), privateKey);
}

/** As `checkRelease`, of units that are given back. */
export function checkReturn(
  units: ReturnStatement & Pick<ReturnUnitsInput, 'signed'>,
  intakes: readonly NoteVerifier[],
): string {
  const what = `units of batch ${units.batchId} that are given back`;
  return signerOf(RETURN_KIND, returnMembers(units), { signature: units.signed, what, intakes });
}

/** The intake's word that a further attempt at a unit may be made, as is recorded at this time (ISO 8601): Ed25519, base64. */
export function signAttempt(terms: PermitTerms, privateKey: KeyObject, at?: string): string {
  return signMembers(attemptKind(at), attemptMembers(terms, at), privateKey);
}

/** As `checkRelease`, of a further attempt. */
export function checkAttemptRelease(
  terms: PermitTerms,
  { signature, at }: AttemptRelease,
  intakes: readonly NoteVerifier[],
): string {
  const what = `attempt ${terms.attempt} at ${terms.serial}`;
  return signerOf(attemptKind(at), attemptMembers(terms, at), { signature, what, intakes });
}

/** A key of a unit. */
interface EndedKey {
  readonly batchId: string;
  readonly serial: string;
  readonly spkiSha256: string;
}

/**
 * The intake's word that the unit ended without a pass, so that the certificate for this key is good for nothing: Ed25519, base64. Of the
 * key, since a unit may run again: what was said of it before must not end the certificate that it gets then.
 */
export function signEnded(unit: EndedKey, privateKey: KeyObject): string {
  return signMembers(ENDED_KIND, endedMembers(unit), privateKey);
}

/** True when an admitted intake signed just this. `signature` may be anything. */
export function isEndSigned(unit: EndedKey, signature: unknown, intakes: readonly NoteVerifier[]): boolean {
  const members = endedMembers(unit);
  return intakes.some(({ publicKey }) => isSignedBy(ENDED_KIND, members, { signature, publicKey }));
}

/** The intake's word that a person at its host asked for this rework: Ed25519, base64. */
export function signRework(asked: AskedRework, privateKey: KeyObject): string {
  return signMembers(kindOf(asked), reworkMembers(asked), privateKey);
}

/** As `checkRelease`, of a rework. */
export function checkRework({ signed, ...asked }: ReworkInput, intakes: readonly NoteVerifier[]): string {
  const what = `the rework ${asked.reworkId}`;
  return signerOf(kindOf(asked), reworkMembers(asked), { signature: signed, what, intakes });
}

function endedMembers({ batchId, serial, spkiSha256 }: EndedKey): Members {
  return [batchId, serial, spkiSha256];
}

function kindOf({ askedAt }: AskedRework): string {
  return askedAt === undefined ? EARLIER_REWORK_KIND : REWORK_KIND;
}

function reworkMembers({ reworkId, kind, reason, by, askedAt, order, serials }: AskedRework): Members {
  const members = [reworkId, kind, reason, by, order ?? null, digestOf(serials)];
  return askedAt === undefined ? members : [...members, askedAt];
}

function releaseMembers({
  batchId,
  order,
  manifestSha256,
  quantity,
  units,
  seen,
}: ReleaseStatement): Members {
  return [batchId, order, manifestSha256, quantity, digestOf(listOf(units)), ...seenMembers(seen)];
}

function furtherMembers({
  batchId,
  order,
  manifestSha256,
  quantity,
  run,
  units,
  seen,
}: FurtherStatement): Members {
  const list = listOf(units).map((each, at) => [...each, units[at]!.attempt]);
  return [batchId, order, manifestSha256, quantity, run, digestOf(list), ...seenMembers(seen)];
}

function returnMembers({ batchId, serials, supplements }: ReturnStatement): Members {
  return [batchId, supplements, digestOf(serials)];
}

function seenMembers(seen: readonly SeenLog[] = []): Members {
  return seen.flatMap(({ log, size, hash }) => [log, size, hash]);
}

function digestOf(list: readonly unknown[]): string {
  return sha256Hex(Buffer.from(JSON.stringify(list)));
}

function listOf(units: readonly UnitRow[]): Members[] {
  return units.map(({ serial, product, boardId }) => [serial, product, boardId ?? null]);
}

function attemptKind(at: string | undefined): string {
  return at === undefined ? EARLIER_ATTEMPT_KIND : ATTEMPT_KIND;
}

function attemptMembers(
  { order, batchId, serial, product, attempt, boardId }: PermitTerms,
  at: string | undefined,
): Members {
  const members = [order, batchId, serial, product, attempt, boardId ?? null];
  return at === undefined ? members : [...members, at];
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
