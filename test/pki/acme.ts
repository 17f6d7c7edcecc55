import type { CertificateProfile } from '../../pki/profile/certificate-profile.ts';
import { SecretBytes } from '../../pki/keys/secret-bytes.ts';

/** The profile of the tests' only product. Imported by child processes too: nothing here may need vitest. */
export const PROFILE: CertificateProfile = {
  organization: 'acme-line-1',
  commonName: '{serial}',
  validity: 'forever',
};

/** A passphrase of its own, to be used once. */
export function passphrase(text = 'correct horse'): SecretBytes {
  return new SecretBytes(Buffer.from(text));
}
