import type { KeyObject } from 'node:crypto';
import type { NoteVerifier } from '../keys/signed-note.ts';
import { isSignedBy, signMembers } from '../keys/signed-members.ts';
import type { Members } from '../keys/signed-members.ts';

const KIND = 'certline-registry-v1';

/** What an exported registry is, in figures: its last text line. */
export interface RegistryStatement {
  readonly batches: number;
  readonly units: number;
  readonly certificates: number;
  /** Of all octets before the last text line, lower-case hex. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly exportedAt: string;
}

/** The signature of the host of the registry, with the key of its intake: Ed25519, base64. */
export function signRegistry(statement: RegistryStatement, privateKey: KeyObject): string {
  return signMembers(KIND, membersOf(statement), privateKey);
}

/** True when one of these keys signed just this. `signature` may be anything. */
export function isRegistrySigned(
  statement: RegistryStatement,
  signature: unknown,
  signers: readonly NoteVerifier[],
): boolean {
  const members = membersOf(statement);
  return signers.some(({ publicKey }) => isSignedBy(KIND, members, { signature, publicKey }));
}

function membersOf({ batches, units, certificates, sha256, exportedAt }: RegistryStatement): Members {
  return [batches, units, certificates, sha256, exportedAt];
}
