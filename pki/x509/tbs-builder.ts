import { readCertificate } from './certificate-reader.ts';
import { derBitString, derInteger, derSequence } from './der-writer.ts';
import { ECDSA_WITH_SHA256, FIELD_LENGTH } from './p256.ts';
import { Name, X509CertificateGenerator } from './library.ts';
import type { Extension } from './library.ts';

/** One attribute of a subject, in object form: a string form of a name is an injection hole. */
export type SubjectAttribute = Readonly<
  Record<string, [{ utf8String: string } | { printableString: string }]>
>;

/** What a certificate shall say. `certificateSerial` is the content of the INTEGER, 16 octets. */
export interface CertificateContents {
  readonly certificateSerial: Uint8Array;
  /** In the order of the relative distinguished names. */
  readonly subject: readonly SubjectAttribute[];
  /** The issuer's subject as encoded: copied, never re-encoded. */
  readonly issuer: Uint8Array;
  readonly spki: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: Extension[];
}

/** Stands for a signature while there is none: r = s = 0101…01, well-formed, so that parsers work on what they lint. */
export const PLACEHOLDER_SIGNATURE = new Uint8Array(2 * FIELD_LENGTH).fill(1);

const ECDSA_SHA256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The to-be-signed part of a certificate, made by @peculiar/x509 through its external-signature path. */
export async function buildTbs(contents: CertificateContents): Promise<Uint8Array> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: Buffer.from(contents.certificateSerial).toString('hex'),
    subject: nameOf(contents.subject),
    issuer: new Name(contents.issuer),
    publicKey: contents.spki,
    notBefore: contents.notBefore,
    notAfter: contents.notAfter,
    extensions: contents.extensions,
    signature: PLACEHOLDER_SIGNATURE,
    signingAlgorithm: ECDSA_SHA256,
  });
  return Uint8Array.from(readCertificate(new Uint8Array(certificate.rawData)).tbs);
}

/** A certificate from its to-be-signed part and a signature as r and s. */
export function assembleCertificate(tbs: Uint8Array, signature: Uint8Array): Uint8Array {
  const r = derInteger(signature.subarray(0, FIELD_LENGTH));
  const s = derInteger(signature.subarray(FIELD_LENGTH));
  return derSequence(tbs, ECDSA_WITH_SHA256, derBitString(derSequence(r, s)));
}

/** A name as encoded DER. */
export function encodeName(attributes: readonly SubjectAttribute[]): Uint8Array {
  return new Uint8Array(nameOf(attributes).toArrayBuffer());
}

function nameOf(attributes: readonly SubjectAttribute[]): Name {
  return new Name(attributes.map((attribute) => ({ ...attribute })));
}
