import { verify } from 'node:crypto';
import { publicKeyOfSpki } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import type { Signer } from './signer.ts';

const PROBE_MESSAGE = Buffer.from('certline signer probe');

/**
 * Has the signer sign a message that is no certificate, and verifies it. Throws what signing throws, CA_UNAVAILABLE.
 */
export async function probeSigner(signer: Pick<Signer, 'id' | 'spki' | 'sign'>): Promise<void> {
  const signature = await signer.sign(PROBE_MESSAGE, { requestId: 'probe' });
  const key = { key: publicKeyOfSpki(signer.spki)!, dsaEncoding: 'ieee-p1363' } as const;
  if (verify('sha256', PROBE_MESSAGE, key, signature)) return;
  const message = `The signer ${signer.id} made a signature that does not verify.`;
  throw new PkiError('CA_UNAVAILABLE', message, { reason: 'probe' });
}

/** What a signer throws that was closed. */
export function closedSigner(id: string): PkiError {
  return new PkiError('CA_UNAVAILABLE', `The signer ${id} is closed: start it again.`, { reason: 'closed' });
}
