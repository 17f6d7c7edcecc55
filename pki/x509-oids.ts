/** The object identifiers of X.509 that a device certificate uses (RFC 5280 §4.2.1, X.520). */
export const OID = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** commonName and serialNumber as whole elements. */
export const COMMON_NAME = Buffer.from('0603550403', 'hex');
export const SERIAL_NUMBER = Buffer.from('0603550405', 'hex');
