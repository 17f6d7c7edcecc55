import type { KeyObject } from 'node:crypto';
import type { Permit, PermittedTerms, PermitTerms } from '../../provisioning/permit.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import type { StationKey } from '../keys/station-key.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';
import { PkiError } from '../pki-error.ts';
import { isFresh } from './word-age.ts';

const KIND = 'certline-permit-v1';

/** The signer's permit for an attempt at a unit that was released. */
export function signPermit(
  { replaces, renews, madeAt = new Date().toISOString(), ...attempt }: PermittedTerms,
  privateKey: KeyObject,
): Permit {
  const { boardId } = attempt;
  const board = {
    ...(boardId !== undefined && { boardId }),
    ...(replaces !== undefined && { replaces }),
    ...(renews !== undefined && { renews }),
    ...((replaces !== undefined || renews !== undefined) && { madeAt }),
  };
  return { signature: signMembers(KIND, membersOf({ ...attempt, ...board }), privateKey), ...board };
}

/** Whether the signer said a short time ago what this permit may replace or renew. */
export function isPermitFresh(permit: Permit | undefined, now = new Date()): boolean {
  return permit?.madeAt !== undefined && isFresh(permit.madeAt, now);
}

/**
 * Throws PERMIT_INVALID where the signer did so long ago: the unit may have passed since, or its rework may have ended. A unit whose
 * board comes later gets a new permit, as long as its attempt may be made.
 */
export function checkPermitAge(serial: string, permit: Permit | undefined, now = new Date()): void {
  if (isPermitFresh(permit, now)) return;
  const when = permit?.madeAt === undefined ? 'by an earlier version of the signer' : `at ${permit.madeAt}`;
  const message = `The permit of ${serial} was made ${when}, and it is ${now.toISOString()} here, so nothing on the board is replaced: retry the unit, which gets a new permit. If that fails too, compare the clocks of station and signer.`;
  throw new PkiError('PERMIT_INVALID', message, { reason: 'age' });
}

/**
 * Throws PERMIT_INVALID unless one of these keys signed the permit for just this attempt at this unit, and for this board if
 * for any. `permit` may be anything: it comes by way of Temporal.
 */
export function checkPermit(
  unit: Omit<PermitTerms, 'boardId'>,
  { permit, boardId }: { readonly permit: Permit | undefined; readonly boardId: string },
  signers: readonly Pick<NoteVerifier, 'publicKey'>[],
): void {
  const { serial, attempt } = unit;
  const { signature, boardId: permitted, ...more } = permit ?? {};
  if (permitted !== undefined && permitted !== boardId)
    throw invalid(`The permit of ${serial} is for the board ${permitted}, not for ${boardId}`, 'board');
  const members = membersOf({ ...unit, ...more, boardId: permitted });
  if (signers.some(({ publicKey }) => isSignedBy(KIND, members, { signature, publicKey }))) return;
  const what = permit === undefined ? 'came without a permit' : 'has no permit that the signer made for it';
  throw invalid(`Attempt ${attempt} at ${serial} ${what}`, permit === undefined ? 'missing' : 'signature');
}

/** As many permits as 40 chunks have: a unit asks for its certificate minutes after its release. */
const PERMITS_REMEMBERED = 10_000;

/**
 * The signer's permits. What it has signed itself a short time ago it remembers, since verifying an Ed25519 signature takes
 * three times as long as making one.
 */
export class PermitDesk {
  readonly #key: StationKey;
  /** Signatures by the members that were signed, the oldest first. */
  readonly #signed = new Map<string, string>();

  constructor(key: StationKey) {
    this.#key = key;
  }

  sign(terms: PermittedTerms): Permit {
    const permit = signPermit(terms, this.#key.privateKey);
    this.#signed.set(JSON.stringify(membersOf({ ...terms, ...permit })), permit.signature);
    const [oldest] = this.#signed.keys();
    if (this.#signed.size > PERMITS_REMEMBERED && oldest !== undefined) this.#signed.delete(oldest);
    return permit;
  }

  /** As `checkPermit`, of this signer's own permits. */
  check(
    unit: Omit<PermitTerms, 'boardId'>,
    asked: { readonly permit: Permit | undefined; readonly boardId: string },
  ): void {
    const { permit, boardId } = asked;
    const { signature, boardId: permitted, ...more } = permit ?? {};
    const known = this.#signed.get(JSON.stringify(membersOf({ ...unit, ...more, boardId: permitted })));
    const isBoard = permitted === undefined || permitted === boardId;
    if (known !== undefined && known === signature && isBoard) return;
    checkPermit(unit, asked, [this.#key.verifier]);
  }
}

/** The first permit of a unit, of which there are many, says nothing of certificates: there are none. */
function membersOf(terms: PermittedTerms): Members {
  const { order, batchId, serial, product, attempt, boardId, replaces, renews, madeAt } = terms;
  const attemptAtUnit = [order, batchId, serial, product, attempt, boardId ?? null];
  if (replaces === undefined && renews === undefined) return attemptAtUnit;
  const named = [...attemptAtUnit, JSON.stringify(replaces ?? []), renews ?? null];
  // Earlier versions did not say when.
  return madeAt === undefined ? named : [...named, madeAt];
}

function invalid(what: string, reason: string): PkiError {
  const message = `${what}: retry the unit, which gets a new permit; if that fails too, compare the key of the signer with "certline station signer-key".`;
  return new PkiError('PERMIT_INVALID', message, { reason });
}
