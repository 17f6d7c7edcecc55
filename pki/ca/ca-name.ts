import { randomBytes } from 'node:crypto';
import type { CaName } from './ca-certificate.ts';
import { PkiError } from '../pki-error.ts';

/** Leaves room for " Factory ICA " and the generation within the 64 characters of a common name. */
const MAX_NAME_LENGTH = 40;

/**
 * Names for a new root and factory CA of this organisation. Both have the same generation, 8 hex digits: clouds
 * distinguish CAs by subject. Throws PROFILE_INVALID.
 */
export function newCaNames(name: string): { root: CaName; ica: CaName } {
  if (!/^[\p{L}\p{N}](?:[\p{L}\p{N} .,&()-]*[\p{L}\p{N}.)])?$/u.test(name) || name.length > MAX_NAME_LENGTH) {
    const message = `The name of the CA must have 1 to ${MAX_NAME_LENGTH} characters, only letters, digits, spaces and . , & ( ) -.`;
    throw new PkiError('PROFILE_INVALID', message, { reason: 'ca-name' });
  }
  const generation = randomBytes(4).toString('hex').toUpperCase();
  const named = (role: string): CaName => ({
    organization: name,
    commonName: `${name} ${role} ${generation}`,
  });
  return { root: named('Root CA'), ica: named('Factory ICA') };
}
