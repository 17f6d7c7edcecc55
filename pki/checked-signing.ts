import { X509Certificate } from 'node:crypto';
import type { LintContext } from './certificate-lint.ts';
import { lintCertificate } from './certificate-linter.ts';
import { readCertificate } from './certificate-reader.ts';
import type { IssuingCa } from './issuing-ca.ts';
import { PkiError } from './pki-error.ts';
import { assembleCertificate, PLACEHOLDER_SIGNATURE } from './tbs-builder.ts';

/** What a certificate is expected to say, and when it is made; `LintContext` has the details. */
export type Expectation = Required<Pick<LintContext, 'expected' | 'now'>>;

/** Codes of the rules that `tbs` would break, under a placeholder signature. */
export function lintTbs(ca: IssuingCa, tbs: Uint8Array, expectation: Expectation): string[] {
  return codesOf(assembleCertificate(tbs, PLACEHOLDER_SIGNATURE), { issuer: ca.facts, ...expectation });
}

/** The certificate of `tbs`, signed by the CA's key. Throws CA_UNAVAILABLE, whatever the signer threw. */
export async function signTbs(ca: IssuingCa, tbs: Uint8Array, requestId: string): Promise<Uint8Array> {
  try {
    return assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId }));
  } catch (error) {
    if (error instanceof PkiError) throw error;
    const message = `The signer ${ca.signer.id} made no signature: look at the signer.`;
    throw new PkiError('CA_UNAVAILABLE', message, { reason: 'signer-failed', cause: error });
  }
}

/**
 * Nothing leaves the signer but the content that was linted, under a signature that OpenSSL verifies with the key of
 * the CA's certificate. Throws SIGNER_FAULT.
 */
export function verifySigned(
  ca: IssuingCa,
  signed: { readonly tbs: Uint8Array; readonly certificate: Uint8Array },
  expectation: Expectation,
): void {
  const { tbs, certificate } = signed;
  const findings = codesOf(certificate, { issuer: ca.facts, ...expectation, signed: true });
  if (findings.length > 0) throw fault(expectation, `lint found ${findings.join(', ')} after signing`);
  if (Buffer.compare(readCertificate(certificate).tbs, tbs) !== 0) {
    throw fault(expectation, 'the signed content is not the linted one');
  }
  const parsed = new X509Certificate(certificate);
  if (!parsed.checkIssued(ca.parsed) || !parsed.verify(ca.facts.publicKey)) {
    throw fault(expectation, 'the signature does not verify');
  }
}

function codesOf(certificate: Uint8Array, context: LintContext): string[] {
  return lintCertificate(certificate, context).map(({ code }) => code);
}

function fault({ expected }: Expectation, what: string): PkiError {
  const message = `The certificate for ${expected.serial} is withheld: ${what}. Stop this signer and look at it.`;
  return new PkiError('SIGNER_FAULT', message, { reason: 'verification' });
}
