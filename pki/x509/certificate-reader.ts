import { DER_TAG, DerReader, assertStrictDer, readSmallInteger } from './der-reader.ts';
import type { DerElement } from './der-reader.ts';
import { PkiError } from '../pki-error.ts';

/** One extension as it is encoded. `criticalOctet` is undefined where the field is absent, which means FALSE. */
export interface ExtensionFields {
  readonly oid: string;
  readonly criticalOctet: number | undefined;
  readonly value: Uint8Array;
}

/** One attribute of a distinguished name: dotted OID, tag of the string, its octets. */
export interface NameAttribute {
  readonly oid: string;
  readonly tag: number;
  readonly value: Uint8Array;
}

/** The fields of a certificate (RFC 5280 §4.1) as views of its bytes; `whole` means with header, as encoded. */
export interface CertificateFields {
  readonly tbs: Uint8Array;
  /** Undefined where the field is absent, which means v1; 2 means v3. */
  readonly version: number | undefined;
  readonly serial: Uint8Array;
  readonly tbsAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: DerElement;
  readonly notAfter: DerElement;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly hasUniqueIds: boolean;
  /** Undefined where there is no extensions field. */
  readonly extensions: readonly ExtensionFields[] | undefined;
  readonly algorithm: Uint8Array;
  /** Octets of the BIT STRING, the count of unused bits included. */
  readonly signature: Uint8Array;
}

const VERSION = 0xa0;
const ISSUER_UNIQUE_ID = 0x81;
const SUBJECT_UNIQUE_ID = 0x82;
const EXTENSIONS = 0xa3;

/** The fields of one certificate in strict DER, with nothing behind it. Throws DER_MALFORMED. */
export function readCertificate(der: Uint8Array): CertificateFields {
  assertStrictDer(der);
  const certificate = new DerReader(der).enter(DER_TAG.sequence);
  const tbs = certificate.expect(DER_TAG.sequence);
  const algorithm = certificate.expect(DER_TAG.sequence).whole;
  const signature = certificate.expect(DER_TAG.bitString).content;
  certificate.end();
  return { tbs: tbs.whole, ...readTbs(new DerReader(tbs.content)), algorithm, signature };
}

/** The attributes of a name, one list per relative distinguished name, in their order. Throws DER_MALFORMED. */
export function readName(name: Uint8Array): NameAttribute[][] {
  const rdns = new DerReader(name).enter(DER_TAG.sequence);
  const list: NameAttribute[][] = [];
  while (!rdns.atEnd) list.push(readRdn(rdns.enter(DER_TAG.set)));
  return list;
}

/** The purposes of an extended key usage extension, dotted OIDs, out of its value. Throws DER_MALFORMED. */
export function readPurposes(value: Uint8Array): string[] {
  const outer = new DerReader(value);
  const purposes = outer.enter(DER_TAG.sequence);
  outer.end();
  const list: string[] = [];
  while (!purposes.atEnd) list.push(oidText(purposes.expect(DER_TAG.oid).content));
  return list;
}

function readTbs(fields: DerReader): Omit<CertificateFields, 'tbs' | 'algorithm' | 'signature'> {
  const version = fields.optional(VERSION);
  const serial = fields.expect(DER_TAG.integer).content;
  const tbsAlgorithm = fields.expect(DER_TAG.sequence).whole;
  const issuer = fields.expect(DER_TAG.sequence).whole;
  const validity = fields.enter(DER_TAG.sequence);
  const [notBefore, notAfter] = [validity.next(), validity.next()];
  validity.end();
  const subject = fields.expect(DER_TAG.sequence).whole;
  const spki = fields.expect(DER_TAG.sequence).whole;
  const uniqueIds = [fields.optional(ISSUER_UNIQUE_ID), fields.optional(SUBJECT_UNIQUE_ID)];
  const extensions = fields.optional(EXTENSIONS);
  fields.end();
  return {
    version: version === undefined ? undefined : readVersion(version.content),
    serial,
    tbsAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    spki,
    hasUniqueIds: uniqueIds.some((id) => id !== undefined),
    extensions: extensions === undefined ? undefined : readExtensions(extensions.content),
  };
}

function readVersion(content: Uint8Array): number {
  const reader = new DerReader(content);
  const version = readSmallInteger(reader.expect(DER_TAG.integer).content);
  reader.end();
  return version;
}

/**
 * The extensions of a certificate, a revocation list or an entry of one: a SEQUENCE, as encoded. Throws DER_MALFORMED.
 */
export function readExtensions(content: Uint8Array): ExtensionFields[] {
  const outer = new DerReader(content);
  const list = outer.enter(DER_TAG.sequence);
  outer.end();
  const extensions: ExtensionFields[] = [];
  while (!list.atEnd) {
    const fields = list.enter(DER_TAG.sequence);
    const oid = oidText(fields.expect(DER_TAG.oid).content);
    const criticalOctet = fields.optional(DER_TAG.boolean)?.content[0];
    extensions.push({ oid, criticalOctet, value: fields.expect(DER_TAG.octetString).content });
    fields.end();
  }
  return extensions;
}

function readRdn(attributes: DerReader): NameAttribute[] {
  const list: NameAttribute[] = [];
  while (!attributes.atEnd) {
    const fields = attributes.enter(DER_TAG.sequence);
    const oid = oidText(fields.expect(DER_TAG.oid).content);
    const { tag, content } = fields.next();
    fields.end();
    list.push({ oid, tag, value: content });
  }
  return list;
}

/** Dotted decimal of an OBJECT IDENTIFIER's content (X.690 §8.19). Throws DER_MALFORMED. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  if ((content.at(-1) ?? 0x80) >= 0x80) throw malformedOid();
  for (const octet of content) {
    if (arc === 0 && octet === 0x80) throw malformedOid();
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}

function malformedOid(): PkiError {
  const message = 'Not DER: an object identifier that is incomplete or has an arc in too many octets.';
  return new PkiError('DER_MALFORMED', message, { reason: 'not-der' });
}
