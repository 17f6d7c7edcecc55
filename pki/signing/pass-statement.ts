import type { KeyObject } from 'node:crypto';
import type { SignedPass } from '../../provisioning/pass.ts';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';

const KIND = 'certline-pass-v1';

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
  return { ...said, signature: signMembers(KIND, membersOf(facts, said), privateKey) };
}

/** True when the station of this public key signed the pass for just these facts. */
export function isPassSigned(
  facts: PassFacts,
  pass: SignedPass,
  { name, publicKey }: Pick<NoteVerifier, 'name' | 'publicKey'>,
): boolean {
  const isOfStation = name === pass.stationId;
  return isOfStation && isSignedBy(KIND, membersOf(facts, pass), { signature: pass.signature, publicKey });
}

function membersOf(
  { batchId, serial, boardId, spkiSha256, certificateSha256 }: PassFacts,
  { stationId, attempt, verifiedAt, proven }: Omit<SignedPass, 'signature'>,
): Members {
  return [batchId, serial, attempt, stationId, boardId, spkiSha256, certificateSha256, verifiedAt, proven];
}
