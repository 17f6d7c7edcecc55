/** The object identifiers of X.509 that certificates of ours use (RFC 5280 §4.2.1, X.520). */
export const OID = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  anyExtendedKeyUsage: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  /** RFC 4108 §5. */
  hardwareModuleName: '1.3.6.1.5.5.7.8.4',
} as const;

/** Tags of the forms of a GeneralName that device certificates have (RFC 5280 §4.2.1.6). */
export const GENERAL_NAME_TAG = { otherName: 0xa0, uri: 0x86 } as const;

/** Tag of the value of an otherName: explicit [0]. */
export const OTHER_NAME_VALUE_TAG = 0xa0;

/** commonName, serialNumber and subjectAltName as whole elements. */
export const COMMON_NAME = Buffer.from('0603550403', 'hex');
export const SERIAL_NUMBER = Buffer.from('0603550405', 'hex');
export const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
