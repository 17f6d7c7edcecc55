import { verify } from 'node:crypto';
import { ISSUED_CERTIFICATE_MAX_BYTES } from '../../provisioning/certificate-size.ts';
import type { LintCheck, LintContext, LintedCertificate } from './lint-check.ts';
import { sameBytes } from '../x509/same-bytes.ts';
import { DER_TAG, DerReader } from '../x509/der-reader.ts';
import { ECDSA_WITH_SHA256, FIELD_LENGTH, isScalar } from '../x509/p256.ts';

const SERIAL_LENGTH = 16;

/** Version, serial number, algorithms, size and signature. */
export const ENVELOPE_CHECKS: readonly LintCheck[] = [
  {
    code: 'size',
    rule: `at most ${ISSUED_CERTIFICATE_MAX_BYTES} octets`,
    holds: ({ der }) => der.length <= ISSUED_CERTIFICATE_MAX_BYTES,
  },
  {
    code: 'version',
    rule: 'v3 (RFC 5280 §4.1.2.1)',
    holds: ({ fields }) => fields.version === 2,
  },
  {
    code: 'serial_number',
    rule: '16 octets, positive, the first one from 0x40 to 0x7f (RFC 5280 §4.1.2.2: at most 20)',
    holds: ({ fields: { serial } }) => serial.length === SERIAL_LENGTH && (serial[0] ?? 0) >> 6 === 1,
  },
  {
    code: 'serial_number_expected',
    rule: 'the serial number that was reserved',
    holds: ({ fields }, { expected }) =>
      expected === undefined || Buffer.from(fields.serial).toString('hex') === expected.certificateSerial,
  },
  {
    code: 'algorithm',
    rule: 'ecdsa-with-SHA256 without parameters (RFC 5758 §3.2)',
    holds: ({ fields }) => sameBytes(fields.algorithm, ECDSA_WITH_SHA256),
  },
  {
    code: 'algorithm_inside',
    rule: 'the same algorithm inside the signed part (RFC 5280 §4.1.2.3)',
    holds: ({ fields }) => sameBytes(fields.tbsAlgorithm, fields.algorithm),
  },
  {
    code: 'unique_ids',
    rule: 'no unique identifiers (RFC 5280 §4.1.2.8)',
    holds: ({ fields }) => !fields.hasUniqueIds,
  },
  {
    code: 'signature_form',
    rule: 'a signature of two integers from 1 to n-1 (RFC 5480 §A)',
    holds: ({ fields }) => isSignature(fields.signature),
  },
  {
    code: 'signature',
    rule: "signed with the issuer's key",
    holds: isSigned,
  },
];

/** True for the content of a BIT STRING that holds an ECDSA signature in strict DER, of whole octets. */
export function isSignature(bits: Uint8Array): boolean {
  const outer = new DerReader(bits.subarray(1));
  const pair = outer.enter(DER_TAG.sequence);
  outer.end();
  const numbers = [pair.expect(DER_TAG.integer).content, pair.expect(DER_TAG.integer).content];
  pair.end();
  return bits[0] === 0 && numbers.every((number) => isPaddedScalar(number));
}

/** An INTEGER of 1 to 33 octets: shorter than the field, or with a 00 before a high bit. */
function isPaddedScalar(content: Uint8Array): boolean {
  if ((content[0] ?? 0x80) > 0x7f) return false;
  const magnitude = content[0] === 0 ? content.subarray(1) : content;
  if (magnitude.length > FIELD_LENGTH || (content[0] === 0 && (content[1] ?? 0) < 0x80)) return false;
  const scalar = new Uint8Array(FIELD_LENGTH);
  scalar.set(magnitude, FIELD_LENGTH - magnitude.length);
  return isScalar(scalar);
}

function isSigned({ fields }: LintedCertificate, { signed = false, issuer }: LintContext): boolean {
  if (!signed || issuer === undefined) return true;
  // Node expects DER from a bare key, and takes longer over an object that says so.
  return verify('sha256', fields.tbs, issuer.publicKey, fields.signature.subarray(1));
}
