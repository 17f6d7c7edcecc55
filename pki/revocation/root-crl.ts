import { verify, X509Certificate } from 'node:crypto';
import type { IssuingCa } from '../ca/issuing-ca.ts';
import { PkiError } from '../pki-error.ts';
import { readCrl } from '../x509/crl-reader.ts';
import type { CrlEntry, CrlFields } from '../x509/crl-reader.ts';
import { assembleCertificate } from '../x509/tbs-builder.ts';
import { buildCrlTbs } from './crl-builder.ts';
import type { IssuedCrl } from './crl-issuer.ts';

/** A root is fetched from its safe once a year; a month remains to do so. */
const ROOT_CRL_VALIDITY_MS = 396 * 86_400_000;

/**
 * The next revocation list of a root: what `previous` lists stays on it, and `revoked`, the certificates of factory CAs,
 * come on it. Throws CRL_INVALID for a certificate that is not of this root, or a previous list that is not.
 */
export async function issueRootCrl(
  root: IssuingCa,
  previous: CrlFields | undefined,
  revoked: readonly { readonly certificate: Uint8Array; readonly reason: CrlEntry['reason'] }[],
  now: Date = new Date(),
): Promise<IssuedCrl> {
  if (previous !== undefined && Buffer.compare(previous.issuer, root.facts.subject) !== 0)
    throw invalid('The earlier list is not of this root', 'issuer');
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const nextUpdate = new Date(thisUpdate.getTime() + ROOT_CRL_VALIDITY_MS);
  const added = revoked.map(({ certificate, reason }): CrlEntry => {
    const parsed = new X509Certificate(certificate);
    if (!parsed.verify(root.facts.publicKey))
      throw invalid('The certificate to revoke is not of this root', 'certificate');
    return { certificateSerial: parsed.serialNumber.toLowerCase(), reason, revokedAt: thisUpdate };
  });
  const known = new Set(previous?.entries.map(({ certificateSerial }) => certificateSerial));
  const entries = [
    ...(previous?.entries ?? []),
    ...added.filter(({ certificateSerial }) => !known.has(certificateSerial)),
  ];
  const number = (previous?.number ?? 0) + 1;
  const tbs = buildCrlTbs(root.facts, { number, thisUpdate, nextUpdate }, [], entries);
  const crl = assembleCertificate(tbs, await root.signer.sign(tbs, { requestId: `root-crl/${number}` }));
  if (!verify('sha256', tbs, { key: root.facts.publicKey, dsaEncoding: 'der' }, readCrl(crl).signature))
    throw new PkiError(
      'SIGNER_FAULT',
      'The list of the root is not published, because its signature does not verify.',
      {
        reason: 'verification',
      },
    );
  return { crl, number, entries: entries.length, thisUpdate, nextUpdate };
}

function invalid(what: string, reason: string): PkiError {
  return new PkiError('CRL_INVALID', `${what}: name the files of one root.`, { reason });
}
