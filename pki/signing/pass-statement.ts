import type { KeyObject } from 'node:crypto';
import type { SignedPass } from '../../provisioning/pass.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { sha256Hex } from '../x509/p256.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';

const KIND = 'certline-pass-v2';
/** Without socket and evidence. */
const EARLIER_KIND = 'certline-pass-v1';

/** What a station says when both files of a board are read back and proven. Hashes in lower-case hex. */
export interface PassFacts {
  readonly batchId: string;
  readonly serial: string;
  readonly boardId: string;
  readonly spkiSha256: string;
  readonly certificateSha256: string;
}

/** The pass, signed by the station. */
export function signPass(
  facts: PassFacts,
  said: Omit<SignedPass, 'signature'>,
  privateKey: KeyObject,
): SignedPass {
  return { ...said, signature: signMembers(kindOf(said), membersOf(facts, said), privateKey) };
}

/** SHA-256 of what a station saw, whatever the order of its members: of a JSON array of their names and values. Hex. */
export function evidenceSha256(evidence: Readonly<Record<string, string | number>>): string {
  const entries = Object.entries(evidence).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return sha256Hex(Buffer.from(JSON.stringify(entries)));
}

/** True when the station of this public key signed the pass for just these facts. */
export function isPassSigned(
  facts: PassFacts,
  pass: SignedPass,
  { name, publicKey }: Pick<NoteVerifier, 'name' | 'publicKey'>,
): boolean {
  const isOfStation = name === pass.stationId;
  return (
    isOfStation && isSignedBy(kindOf(pass), membersOf(facts, pass), { signature: pass.signature, publicKey })
  );
}

function kindOf({ evidenceSha256: digest }: Omit<SignedPass, 'signature'>): string {
  return digest === undefined ? EARLIER_KIND : KIND;
}

function membersOf(
  { batchId, serial, boardId, spkiSha256, certificateSha256 }: PassFacts,
  { stationId, attempt, verifiedAt, proven, socket, evidenceSha256: digest }: Omit<SignedPass, 'signature'>,
): Members {
  const unit = [batchId, serial, attempt, stationId, boardId, spkiSha256, certificateSha256];
  const members = [...unit, verifiedAt, proven];
  return digest === undefined ? members : [...members, socket ?? null, digest];
}
