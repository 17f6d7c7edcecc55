import { caNameDer } from './ca-certificate.ts';
import type { CaName } from './ca-certificate.ts';
import { DER_TAG } from '../x509/der-reader.ts';
import { derElement, derInteger, derSequence } from '../x509/der-writer.ts';
import { keyIdentifierOf } from '../x509/p256.ts';
import type { Signer } from '../signers/signer.ts';
import { assembleCertificate } from '../x509/tbs-builder.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from '../x509/library.ts';

/** 1.2.840.113549.1.9.14, extensionRequest (RFC 2985 §5.4.2), as a whole element. */
const EXTENSION_REQUEST = Buffer.from('06092a864886f70d01090e', 'hex');
const ATTRIBUTES = 0xa0;

/**
 * A PKCS#10 request, DER, by which another's root can certify a factory CA: it asks for path length 0, for signing
 * certificates and revocation lists, and for the key identifier that our certificates will name.
 */
export async function buildCaCsr(name: CaName, signer: Signer): Promise<Uint8Array> {
  const extensions = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    new SubjectKeyIdentifierExtension(Buffer.from(keyIdentifierOf(signer.spki)).toString('hex'), false),
  ].map(({ rawData }) => new Uint8Array(rawData));
  const wanted = derElement(DER_TAG.set, derSequence(...extensions));
  const attributes = derElement(ATTRIBUTES, derSequence(EXTENSION_REQUEST, wanted));
  const info = derSequence(derInteger(0), caNameDer(name), signer.spki, attributes);
  // A request has the same outer form as a certificate: what is signed, the algorithm, the signature.
  return assembleCertificate(info, await signer.sign(info, { requestId: `ca-request/${name.commonName}` }));
}
