import { DER_TAG, DerReader } from '../../../pki/x509/der-reader.ts';
import { derElement, derSequence } from '../../../pki/x509/der-writer.ts';

/** The parts of a to-be-signed certificate, each as a whole element, to be replaced and put together again. */
export interface CertificateParts {
  version: Buffer;
  serial: Buffer;
  algorithm: Buffer;
  issuer: Buffer;
  notBefore: Buffer;
  notAfter: Buffer;
  subject: Buffer;
  spki: Buffer;
  uniqueIds: Buffer;
  extensions: Buffer[];
  /** The extensions field as a whole, where a list of extensions cannot say it. */
  extensionsField?: Buffer;
}

/** Bytes from hex with spaces. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** Takes a good to-be-signed part apart. */
export function partsOf(bytes: Uint8Array): CertificateParts {
  const fields = new DerReader(bytes).enter(DER_TAG.sequence);
  const next = (): Buffer => Buffer.from(fields.next().whole);
  const [version, serial, algorithm, issuer] = [next(), next(), next(), next()];
  const validity = fields.enter(DER_TAG.sequence);
  const [notBefore, notAfter] = [Buffer.from(validity.next().whole), Buffer.from(validity.next().whole)];
  const [subject, key] = [next(), next()];
  const list = fields.enter(0xa3).enter(DER_TAG.sequence);
  const extensions: Buffer[] = [];
  while (!list.atEnd) extensions.push(Buffer.from(list.next().whole));
  const uniqueIds = Buffer.alloc(0);
  return {
    version,
    serial,
    algorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki: key,
    uniqueIds,
    extensions,
  };
}

/** Puts it together again, whatever the parts are now. */
export function joined(parts: CertificateParts): Uint8Array {
  const { version, serial, algorithm, issuer, subject, uniqueIds } = parts;
  const validity = derSequence(parts.notBefore, parts.notAfter);
  const extensions = parts.extensionsField ?? derElement(0xa3, derSequence(...parts.extensions));
  return derSequence(
    version,
    serial,
    algorithm,
    issuer,
    validity,
    subject,
    parts.spki,
    uniqueIds,
    extensions,
  );
}
