import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The values of a statement, in an order that its kind fixes. */
export type Members = readonly (string | number | null)[];

/** The Ed25519 signature over a kind and its members, base64. No statement of one kind can be taken for another's. */
export function signMembers(kind: string, members: Members, privateKey: KeyObject): string {
  return sign(null, bytesOf(kind, members), privateKey).toString('base64');
}

/** True when this key signed these members as of this kind. `signature` may be anything. */
export function isSignedBy(
  kind: string,
  members: Members,
  by: { readonly signature: unknown; readonly publicKey: KeyObject },
): boolean {
  const { signature, publicKey } = by;
  if (typeof signature !== 'string') return false;
  return verify(null, bytesOf(kind, members), publicKey, Buffer.from(signature, 'base64'));
}

function bytesOf(kind: string, members: Members): Buffer {
  return Buffer.from(`${kind}\n${JSON.stringify(members)}\n`);
}
