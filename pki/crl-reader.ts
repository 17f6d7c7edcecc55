import { assertStrictDer, DER_TAG, DerReader, readSmallInteger } from './der-reader.ts';
import { PkiError } from './pki-error.ts';

/** A revocation list: what it lists and what was signed. */
export interface CrlFields {
  readonly number: number;
  /** Serial numbers, lower-case hex, in the order of the list. */
  readonly serials: readonly string[];
  readonly tbs: Uint8Array;
  /** DER of the ECDSA signature. */
  readonly signature: Uint8Array;
}

const EXTENSIONS = 0xa0;
/** Content of the OBJECT IDENTIFIER 2.5.29.20. */
const CRL_NUMBER = Buffer.from('551d14', 'hex');

/** The fields of one v2 revocation list in strict DER (RFC 5280 §5.1). Throws DER_MALFORMED. */
export function readCrl(der: Uint8Array): CrlFields {
  assertStrictDer(der);
  const outer = new DerReader(der).enter(DER_TAG.sequence);
  const tbs = outer.expect(DER_TAG.sequence);
  outer.expect(DER_TAG.sequence);
  const signature = outer.expect(DER_TAG.bitString).content.subarray(1);
  outer.end();
  const fields = new DerReader(tbs.content);
  fields.expect(DER_TAG.integer);
  fields.expect(DER_TAG.sequence);
  fields.expect(DER_TAG.sequence);
  fields.next();
  fields.next();
  const entries = fields.optional(DER_TAG.sequence);
  const extensions = new DerReader(fields.expect(EXTENSIONS).content);
  fields.end();
  return {
    number: numberIn(extensions.enter(DER_TAG.sequence)),
    serials: entries === undefined ? [] : serialsIn(new DerReader(entries.content)),
    tbs: tbs.whole,
    signature,
  };
}

function serialsIn(entries: DerReader): string[] {
  const serials: string[] = [];
  while (!entries.atEnd) {
    const serial = entries.enter(DER_TAG.sequence).expect(DER_TAG.integer).content;
    serials.push(Buffer.from(serial).toString('hex'));
  }
  return serials;
}

function numberIn(extensions: DerReader): number {
  while (!extensions.atEnd) {
    const fields = extensions.enter(DER_TAG.sequence);
    const oid = fields.expect(DER_TAG.oid).content;
    if (Buffer.compare(oid, CRL_NUMBER) !== 0) continue;
    const value = new DerReader(fields.expect(DER_TAG.octetString).content);
    return readSmallInteger(value.expect(DER_TAG.integer).content);
  }
  throw new PkiError('DER_MALFORMED', 'The revocation list has no number: make it anew.');
}
