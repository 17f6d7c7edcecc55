import type { ExpectedCertificate } from '../profile/expected-certificate.ts';
import type { CertificateFields, ExtensionFields } from '../x509/certificate-reader.ts';
import type { IssuerFacts } from '../x509/issuer-facts.ts';

/** What is expected of one certificate beyond the rules that all share; each part is checked only where given. */
export interface LintContext {
  readonly issuer?: IssuerFacts;
  readonly expected?: ExpectedCertificate;
  /** The moment at which the certificate must be in its time. */
  readonly now?: Date;
  /** True once the signature is real: it must verify with the issuer's key. */
  readonly signed?: boolean;
}

/** A certificate under the lint: its bytes and their fields. */
export interface LintedCertificate {
  readonly der: Uint8Array;
  readonly fields: CertificateFields;
}

/**
 * One rule: `code` is stable, `rule` says what is right and where that comes from, `holds` whether it is so here.
 * A rule may throw DER_MALFORMED; then it does not hold.
 */
export interface LintCheck {
  readonly code: string;
  readonly rule: string;
  holds(certificate: LintedCertificate, context: LintContext): boolean;
}

/** A reading that several rules ask for, made once for each certificate; one that throws is made again. */
export function oncePerCertificate<T>(
  read: (certificate: LintedCertificate) => T,
): (certificate: LintedCertificate) => T {
  const readings = new WeakMap<CertificateFields, { readonly value: T }>();
  return (certificate) => {
    const known = readings.get(certificate.fields);
    if (known !== undefined) return known.value;
    const value = read(certificate);
    readings.set(certificate.fields, { value });
    return value;
  };
}

/** The first extension with this dotted OID. */
export function extensionOf({ extensions }: CertificateFields, oid: string): ExtensionFields | undefined {
  return extensions?.find((extension) => extension.oid === oid);
}
