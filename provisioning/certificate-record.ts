/** The facts of a certificate that was issued. Hashes and the serial number in lower-case hex, times in ISO 8601. */
export interface CertificateRecord {
  /** DER. */
  readonly certificate: Uint8Array;
  /** Serial number of the certificate. */
  readonly certificateSerial: string;
  /** SHA-256 of the DER. */
  readonly certificateSha256: string;
  /** SHA-256 of the SubjectPublicKeyInfo. */
  readonly spkiSha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
}
