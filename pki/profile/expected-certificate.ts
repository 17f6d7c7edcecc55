import type { KeyPurpose, SubjectAltName } from '../../provisioning/product.ts';

/** What one certificate has to say, the profile of its product and its own terms taken together. */
export interface ExpectedCertificate {
  readonly serial: string;
  readonly organization: string;
  readonly commonName: string;
  readonly purposes: readonly KeyPurpose[];
  /** Undefined where there must be none. */
  readonly subjectAltName: SubjectAltName | undefined;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  readonly spkiSha256: string;
  /** The certificate's own serial number, hex. */
  readonly certificateSerial: string;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
}
