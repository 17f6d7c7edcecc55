/**
 * The one door to @peculiar/x509: its dependency container needs the Reflect polyfill before it is loaded, or it
 * throws. It makes CA certificates and the samples of device certificates, and never reads what others made.
 */
import 'reflect-metadata';

export { GeneralName, OtherName } from '@peculiar/asn1-x509';
export {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  GeneralNames,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
export { ObjectIdentifier, OctetString, Sequence } from 'asn1js';
