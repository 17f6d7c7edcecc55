import type { CertificateRecord } from '../provisioning/certificate-record.ts';
import type { SignedCertificate } from '../provisioning/signing.ts';

/** A certificate as it travels from the signer through the workflow to the registry. */
export function certificatePayload(record: CertificateRecord): SignedCertificate {
  const { certificate, certificateSerial, certificateSha256, notBefore, notAfter } = record;
  return {
    certificate: Buffer.from(certificate).toString('base64'),
    certificateSerial,
    fingerprint: certificateSha256,
    notBefore,
    notAfter,
  };
}

/** The certificate that `certificatePayload` made a payload of. Its key's hash travels beside it. */
export function certificateIn(payload: SignedCertificate, spkiSha256: string): CertificateRecord {
  const { certificate, certificateSerial, fingerprint, notBefore, notAfter } = payload;
  return {
    certificate: Buffer.from(certificate, 'base64'),
    certificateSerial,
    certificateSha256: fingerprint,
    spkiSha256,
    notBefore,
    notAfter,
  };
}
