import type { LintContext } from '../lint/lint-check.ts';
import { sameBytes } from '../x509/same-bytes.ts';
import { lintCertificate } from '../lint/certificate-linter.ts';
import { ecdsaVerify } from '../x509/ecdsa.ts';
import { DER_TAG, DerReader } from '../x509/der-reader.ts';
import type { IssuingCa } from '../ca/issuing-ca.ts';
import { isSignature } from '../lint/envelope.ts';
import { PkiError } from '../pki-error.ts';
import { assembleCertificate, PLACEHOLDER_SIGNATURE } from '../x509/tbs-builder.ts';

/** What a certificate is expected to say, and when it is made; `LintContext` has the details. */
export type Expectation = Required<Pick<LintContext, 'expected' | 'now'>>;

/** Codes of the rules that `tbs` would break, under a placeholder signature. */
export function lintTbs(ca: IssuingCa, tbs: Uint8Array, expectation: Expectation): string[] {
  const placeholder = assembleCertificate(tbs, PLACEHOLDER_SIGNATURE);
  return lintCertificate(placeholder, { issuer: ca.facts, ...expectation }).map(({ code }) => code);
}

/** The certificate of `tbs`, signed by the CA's key. Throws CA_UNAVAILABLE, whatever the signer threw. */
export async function signTbs(ca: IssuingCa, tbs: Uint8Array, requestId: string): Promise<Uint8Array> {
  try {
    return assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId }));
  } catch (error) {
    if (error instanceof PkiError) throw error;
    const message = `The signer ${ca.signer.id} made no signature: check the signer.`;
    throw new PkiError('CA_UNAVAILABLE', message, { reason: 'signer-failed', cause: error });
  }
}

/**
 * Nothing leaves the signer but the content that was linted, to the byte, in a well-formed envelope, under a signature
 * that OpenSSL verifies with the key of the CA's certificate. Throws SIGNER_FAULT.
 */
export async function verifySigned(
  ca: IssuingCa,
  signed: { readonly tbs: Uint8Array; readonly certificate: Uint8Array },
  serial: string,
): Promise<void> {
  const { tbs, certificate } = signed;
  const outer = new DerReader(certificate).enter(DER_TAG.sequence);
  if (!sameBytes(outer.next().whole, tbs))
    throw fault(serial, 'the signed content differs from the checked content');
  outer.expect(DER_TAG.sequence);
  const signature = outer.expect(DER_TAG.bitString).content;
  if (!outer.atEnd || !isSignature(signature)) throw fault(serial, 'the signature is malformed');
  if (!(await ecdsaVerify(tbs, ca.facts.publicKey, signature.subarray(1))))
    throw fault(serial, 'the signature does not verify');
}

function fault(serial: string, what: string): PkiError {
  const message = `The certificate for ${serial} is not released: ${what}. Stop this signer and check it.`;
  return new PkiError('SIGNER_FAULT', message, { reason: 'verification' });
}
