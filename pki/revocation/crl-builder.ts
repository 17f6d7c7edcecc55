import { readCertificate } from '../x509/certificate-reader.ts';
import type { CrlEntry } from '../x509/crl-reader.ts';
import { DER_TAG } from '../x509/der-reader.ts';
import { derElement, derInteger, derSequence } from '../x509/der-writer.ts';
import type { IssuerFacts } from '../x509/issuer-facts.ts';
import { ECDSA_WITH_SHA256 } from '../x509/p256.ts';
import { CRL_REASONS } from '../x509/revocation-reason.ts';
import { derTime } from '../x509/time.ts';
import type { WithdrawnCertificate } from './withdrawals.ts';
import { assembleCertificate, PLACEHOLDER_SIGNATURE } from '../x509/tbs-builder.ts';

/** cRLNumber (2.5.29.20), reasonCode (2.5.29.21) and authorityKeyIdentifier (2.5.29.35) as whole elements. */
const CRL_NUMBER = Buffer.from('0603551d14', 'hex');
const REASON_CODE = Buffer.from('0603551d15', 'hex');
const AUTHORITY_KEY_IDENTIFIER = Buffer.from('0603551d23', 'hex');

const ENUMERATED = 0x0a;
const EXTENSIONS = 0xa0;
const KEY_IDENTIFIER = 0x80;
const VERSION_2 = 1;

/** What a revocation list says besides its entries. */
export interface CrlTerms {
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/**
 * The to-be-signed part of a v2 revocation list (RFC 5280 §5.1.2) of this issuer, with the withdrawn certificates that
 * are its own, and with `kept`, the entries of an earlier list of it.
 *
 * Not made by @peculiar/x509: its X509CrlGenerator (2.2.0) takes no finished signature as its certificate generator
 * does, it signs with a key in the process; it is asynchronous, and the ledger numbers a list and records its hash
 * within one transaction; and it compares each entry with all before it. So tests have OpenSSL read and verify what
 * this makes.
 */
export function buildCrlTbs(
  issuer: IssuerFacts,
  terms: CrlTerms,
  withdrawn: readonly WithdrawnCertificate[],
  kept: readonly CrlEntry[] = [],
): Uint8Array {
  const own = [
    ...withdrawn
      .filter(({ tbs }) => Buffer.compare(issuerOf(tbs), issuer.subject) === 0)
      .map(({ at, ...each }): CrlEntry => ({ ...each, revokedAt: new Date(at) })),
    ...kept,
  ];
  // §5.1.2.6: without entries the list is absent, not empty.
  const entries = own.length === 0 ? [] : [derSequence(...own.map((each) => entryOf(each)))];
  return derSequence(
    derInteger(VERSION_2),
    ECDSA_WITH_SHA256,
    issuer.subject,
    derTime(terms.thisUpdate),
    derTime(terms.nextUpdate),
    ...entries,
    derElement(EXTENSIONS, derSequence(keyIdentifier(issuer), crlNumber(terms.number))),
  );
}

function entryOf({ certificateSerial, revokedAt, reason }: CrlEntry): Uint8Array {
  const code = derElement(ENUMERATED, Uint8Array.of(CRL_REASONS[reason]));
  const serial = derInteger(Buffer.from(certificateSerial, 'hex'));
  // §5.3.1: no extension says what 0 would.
  const reasons = reason === 'unspecified' ? [] : [derSequence(extension(REASON_CODE, code))];
  return derSequence(serial, derTime(revokedAt), ...reasons);
}

function keyIdentifier({ keyIdentifier: identifier }: IssuerFacts): Uint8Array {
  return extension(AUTHORITY_KEY_IDENTIFIER, derSequence(derElement(KEY_IDENTIFIER, identifier)));
}

function crlNumber(number: number): Uint8Array {
  return extension(CRL_NUMBER, derInteger(number));
}

/** None of those here is critical. */
function extension(oid: Uint8Array, value: Uint8Array): Uint8Array {
  return derSequence(oid, derElement(DER_TAG.octetString, value));
}

function issuerOf(tbs: Uint8Array): Uint8Array {
  return readCertificate(assembleCertificate(tbs, PLACEHOLDER_SIGNATURE)).issuer;
}
