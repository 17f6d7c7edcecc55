import { readExtensions } from './certificate-reader.ts';
import { readTime } from './time.ts';
import type { ExtensionFields } from './certificate-reader.ts';
import { assertStrictDer, DER_TAG, DerReader, readSmallInteger } from './der-reader.ts';
import { PkiError } from '../pki-error.ts';
import { OID } from './oids.ts';
import { crlReasonOf } from './revocation-reason.ts';
import type { CrlReason } from './revocation-reason.ts';

/** A certificate on a revocation list. */
export interface CrlEntry {
  /** Lower-case hex. */
  readonly certificateSerial: string;
  readonly revokedAt: Date;
  /** Name of RFC 5280 §5.3.1; `unspecified` where the entry has none. */
  readonly reason: CrlReason;
}

/** A revocation list as views of its bytes: what it lists, and what was signed by whom. */
export interface CrlFields {
  readonly number: number;
  /** Name of the issuer, as encoded. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** In the order of the list. */
  readonly entries: readonly CrlEntry[];
  readonly tbs: Uint8Array;
  /** As encoded, inside and outside of what was signed. */
  readonly algorithms: readonly [Uint8Array, Uint8Array];
  /** DER of the ECDSA signature. */
  readonly signature: Uint8Array;
}

const EXTENSIONS = 0xa0;
const ENUMERATED = 0x0a;
const VERSION_2 = 1;
/** Lists that are made weekly, or after each withdrawal, never need more. */
const NUMBER_OCTETS = 4;

/**
 * The fields of one v2 revocation list in strict DER (RFC 5280 §5.1). Throws DER_MALFORMED, also for a list without
 * number or end and for one with an extension that must not be passed over (§5.2): a part of a list, a list of changes,
 * a list about others' certificates.
 */
export function readCrl(der: Uint8Array): CrlFields {
  assertStrictDer(der);
  const outer = new DerReader(der).enter(DER_TAG.sequence);
  const tbs = outer.expect(DER_TAG.sequence);
  const algorithm = outer.expect(DER_TAG.sequence).whole;
  const { content: bits } = outer.expect(DER_TAG.bitString);
  outer.end();
  if (bits[0] !== 0) throw malformed('its signature has unused bits');
  const { inner, ...fields } = readTbs(tbs.inside());
  return { ...fields, tbs: tbs.whole, algorithms: [inner, algorithm], signature: bits.subarray(1) };
}

function readTbs(
  fields: DerReader,
): Omit<CrlFields, 'tbs' | 'algorithms' | 'signature'> & { inner: Uint8Array } {
  if (readSmallInteger(fields.expect(DER_TAG.integer).content) !== VERSION_2)
    throw malformed('its version is not 2');
  const inner = fields.expect(DER_TAG.sequence).whole;
  const issuer = fields.expect(DER_TAG.sequence).whole;
  const [thisUpdate, nextUpdate] = [timeIn(fields), timeIn(fields)];
  const entries = fields.optional(DER_TAG.sequence);
  const extensions = readExtensions(fields.expect(EXTENSIONS).content);
  fields.end();
  refuseCritical(extensions);
  return {
    number: numberIn(extensions),
    issuer,
    thisUpdate,
    nextUpdate,
    entries: entries === undefined ? [] : entriesIn(entries.inside()),
    inner,
  };
}

function entriesIn(list: DerReader): CrlEntry[] {
  const entries: CrlEntry[] = [];
  while (!list.atEnd) {
    const fields = list.enter(DER_TAG.sequence);
    const serial = fields.expect(DER_TAG.integer).content;
    const revokedAt = timeIn(fields);
    const extensions = fields.atEnd ? [] : readExtensions(fields.expect(DER_TAG.sequence).whole);
    fields.end();
    refuseCritical(extensions);
    const certificateSerial = Buffer.from(serial).toString('hex');
    entries.push({ certificateSerial, revokedAt, reason: reasonIn(extensions) });
  }
  return entries;
}

function numberIn(extensions: readonly ExtensionFields[]): number {
  const value = valueOf(extensions, OID.crlNumber);
  if (value === undefined) throw malformed('it has no number');
  const content = contentOf(value, DER_TAG.integer);
  const number = content.length <= NUMBER_OCTETS ? readSmallInteger(content) : 0;
  if (number > 0) return number;
  throw malformed(`its number is not one from 1 to ${2 ** 31 - 1}`);
}

function reasonIn(extensions: readonly ExtensionFields[]): CrlReason {
  const value = valueOf(extensions, OID.reasonCode);
  const reason = crlReasonOf(value === undefined ? 0 : readSmallInteger(contentOf(value, ENUMERATED)));
  if (reason !== undefined) return reason;
  throw malformed('it lists a certificate for a reason that does not exist');
}

function contentOf(value: Uint8Array, tag: number): Uint8Array {
  const reader = new DerReader(value);
  const { content } = reader.expect(tag);
  reader.end();
  return content;
}

function timeIn(fields: DerReader): Date {
  const element = fields.next();
  const isTime = element.tag === DER_TAG.utcTime || element.tag === DER_TAG.generalizedTime;
  const time = isTime ? readTime(element) : undefined;
  if (time !== undefined) return time;
  throw malformed('a time is missing, or not in the form of RFC 5280');
}

function refuseCritical(extensions: readonly ExtensionFields[]): void {
  const critical = extensions.find(({ criticalOctet }) => criticalOctet !== undefined);
  if (critical !== undefined) throw malformed(`it has the critical extension ${critical.oid}`);
}

function valueOf(extensions: readonly ExtensionFields[], wanted: string): Uint8Array | undefined {
  return extensions.find(({ oid }) => oid === wanted)?.value;
}

function malformed(why: string): PkiError {
  const message = `The revocation list cannot be used: ${why}. Ask the CA for a complete list of version 2.`;
  return new PkiError('DER_MALFORMED', message, { reason: 'crl' });
}
