import { createPublicKey, verify } from 'node:crypto';
import { readCertificate } from '../x509/certificate-reader.ts';
import type { CertificateFields } from '../x509/certificate-reader.ts';
import { readCrl } from '../x509/crl-reader.ts';
import type { CrlFields } from '../x509/crl-reader.ts';
import { ECDSA_WITH_SHA256, sha256Hex } from '../x509/p256.ts';
import { CLOCK_TOLERANCE_MS } from '../clock-tolerance.ts';
import { PkiError } from '../pki-error.ts';
import { OID } from '../x509/oids.ts';

/** Bit cRLSign of a key usage (RFC 5280 §4.2.1.3) in its first octet. */
const CRL_SIGN = 0x02;

/** A revocation list that can be believed. */
export interface VerifiedCrl extends CrlFields {
  /** SHA-256 of the key of the CA that signed it, lower-case hex: numbers of lists count for each key. */
  readonly issuerKey: string;
}

/**
 * Reads a revocation list, DER, and checks that one of these CA certificates, DER, signed it and may, and that it is
 * valid at `now`. Throws DER_MALFORMED, CRL_INVALID, CRL_EXPIRED.
 */
export function verifyCrl(der: Uint8Array, issuers: readonly Uint8Array[], now: Date): VerifiedCrl {
  const crl = readCrl(der);
  const signer = signerOf(crl, issuers);
  checkTime(crl, now);
  return { ...crl, issuerKey: sha256Hex(signer.spki) };
}

/** Of CAs of the same name, the one whose key verifies. */
function signerOf(crl: CrlFields, issuers: readonly Uint8Array[]): CertificateFields {
  const named = issuers
    .map((issuer) => readCertificate(issuer))
    .filter((issuer) => Buffer.compare(issuer.subject, crl.issuer) === 0 && maySignCrls(issuer));
  if (named.length === 0) throw invalid(crl, 'issuer', 'another CA made it: give the certificate of that CA');
  const signer = named.find(({ spki }) => isSignedBy(crl, spki));
  if (signer !== undefined) return signer;
  throw invalid(
    crl,
    'signature',
    'the signature of its CA does not verify: fetch it again, and find out who changed it',
  );
}

function maySignCrls({ extensions = [] }: CertificateFields): boolean {
  const usage = extensions.find(({ oid }) => oid === OID.keyUsage)?.value.at(-1) ?? 0;
  return (usage & CRL_SIGN) !== 0;
}

function isSignedBy({ tbs, algorithms, signature }: CrlFields, spki: Uint8Array): boolean {
  if (!algorithms.every((algorithm) => Buffer.compare(algorithm, ECDSA_WITH_SHA256) === 0)) return false;
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return verify('sha256', tbs, { key, dsaEncoding: 'der' }, signature);
}

function checkTime(crl: CrlFields, now: Date): void {
  if (crl.thisUpdate.getTime() > now.getTime() + CLOCK_TOLERANCE_MS)
    throw invalid(
      crl,
      'early',
      `it is valid from ${crl.thisUpdate.toISOString()}: set the clock of this host`,
    );
  if (now <= crl.nextUpdate) return;
  const message = `The revocation list ${crl.number} was valid until ${crl.nextUpdate.toISOString()}: fetch the newest one from the signer.`;
  throw new PkiError('CRL_EXPIRED', message);
}

function invalid({ number }: CrlFields, reason: string, why: string): PkiError {
  return new PkiError('CRL_INVALID', `The revocation list ${number} is refused: ${why}.`, { reason });
}
