import { X509Certificate } from 'node:crypto';
import { readCertificate, readPurposes } from '../x509/certificate-reader.ts';
import { readTime } from '../x509/time.ts';
import { PkiError } from '../pki-error.ts';
import type { IssuerFacts } from '../x509/issuer-facts.ts';
import type { Signer } from '../signers/signer.ts';
import { OID } from '../x509/oids.ts';

/** A CA that signs device certificates: its certificate, the chain from it up to the root (all DER), its key. */
export interface IssuingCa {
  readonly certificate: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly facts: IssuerFacts;
  readonly signer: Signer;
}

/** The facts of a CA certificate. Throws CA_INCONSISTENT when it lacks a key identifier or is not in strict DER. */
export function issuerFactsOf(certificate: Uint8Array): IssuerFacts {
  const fields = readCertificate(certificate);
  const valueOf = (wanted: string): Uint8Array | undefined =>
    fields.extensions?.find(({ oid }) => oid === wanted)?.value;
  const keyIdentifier = valueOf(OID.subjectKeyIdentifier)?.subarray(2);
  const purposes = valueOf(OID.extendedKeyUsage);
  const [notBefore, notAfter] = [readTime(fields.notBefore), readTime(fields.notAfter)];
  if (keyIdentifier === undefined || notBefore === undefined || notAfter === undefined) {
    throw inconsistent('its certificate has no key identifier, or malformed dates');
  }
  const { subject, spki } = fields;
  const { publicKey } = new X509Certificate(certificate);
  return {
    subject,
    spki,
    publicKey,
    keyIdentifier,
    notBefore,
    notAfter,
    purposes: purposes && readPurposes(purposes),
  };
}

/**
 * Joins a signer with its certificate and chain, after checking that they belong together: the key is the
 * certificate's, the certificate is a CA's, each link is signed by the next, and `now` is within its validity.
 * Throws CA_INCONSISTENT, or CA_UNAVAILABLE outside its time.
 */
export function openIssuingCa(signer: Signer, chain: readonly Uint8Array[], now: Date): IssuingCa {
  const [certificate] = chain;
  if (certificate === undefined) throw inconsistent('it has no certificate');
  const facts = issuerFactsOf(certificate);
  if (Buffer.compare(facts.spki, signer.spki) !== 0)
    throw inconsistent('its key does not belong to its certificate');
  checkChain(chain.map((der) => new X509Certificate(der)));
  if (now < facts.notBefore || now > facts.notAfter) {
    const message = `The issuing CA is valid from ${facts.notBefore.toISOString()} to ${facts.notAfter.toISOString()}, not now: check the clock, or create a new CA.`;
    throw new PkiError('CA_UNAVAILABLE', message, { reason: 'outside-validity' });
  }
  return { certificate, chain, facts, signer };
}

function checkChain(chain: readonly X509Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? certificate;
    if (!certificate.ca) throw inconsistent(`certificate ${index + 1} of its chain is not a CA certificate`);
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw inconsistent(`certificate ${index + 1} of its chain is not signed by the next`);
    }
  }
}

function inconsistent(what: string): PkiError {
  return new PkiError(
    'CA_INCONSISTENT',
    `The issuing CA cannot be used: ${what}. Restore its folder from a backup.`,
  );
}
