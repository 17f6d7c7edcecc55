import { verify } from 'node:crypto';
import { buildCrlTbs } from './crl-builder.ts';
import { readCrl } from '../x509/crl-reader.ts';
import type { CrlEntry, CrlFields } from '../x509/crl-reader.ts';
import type { IssuingCa } from '../ca/issuing-ca.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import type { Withdrawals } from './withdrawals.ts';
import { assembleCertificate } from '../x509/tbs-builder.ts';

const DAY_MS = 86_400_000;
/** A list is made weekly and is valid for two weeks, so that a signer may be down on the date of one. */
const CRL_INTERVAL_MS = 7 * DAY_MS;
const CRL_VALIDITY_MS = 14 * DAY_MS;

/** A signed revocation list. */
export interface IssuedCrl {
  /** DER. */
  readonly crl: Uint8Array;
  readonly number: number;
  /** How many certificates it lists. */
  readonly entries: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
}

/** A list of what a ledger has withdrawn; `mark` is its `withdrawalMark` then. */
export interface LedgerCrl extends IssuedCrl {
  readonly mark: string;
}

/** True when the CA has no list yet, a week-old one, or one that does not know the newest withdrawal. */
export async function isCrlDue(ca: IssuingCa, ledger: Withdrawals, now: Date): Promise<boolean> {
  const latest = await ledger.latestCrl(sha256Hex(ca.facts.spki));
  if (latest === undefined || now.getTime() - Date.parse(latest.madeAt) >= CRL_INTERVAL_MS) return true;
  return latest.mark !== (await ledger.withdrawalMark());
}

/**
 * The next revocation list of the CA: all that its ledger withdrew and holds, numbered, signed, read back and verified.
 * Lasting entries of `published`, the newest list that was published, are kept, because the ledger may be an old copy.
 * Throws what the ledger and the signer throw, SIGNER_FAULT when the signature does not verify.
 */
export async function issueCrl(
  ca: IssuingCa,
  ledger: Withdrawals,
  now: Date,
  published?: CrlFields,
): Promise<LedgerCrl> {
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000);
  const nextUpdate = new Date(thisUpdate.getTime() + CRL_VALIDITY_MS);
  const issuer = sha256Hex(ca.facts.spki);
  const lasting = await lastingEntries(published?.entries ?? [], ledger);
  const { tbs, mark } = await ledger.numberCrl(
    issuer,
    now,
    (number, withdrawn) => {
      const said = new Set(withdrawn.map(({ certificateSerial }) => certificateSerial));
      const kept = lasting.filter(({ certificateSerial }) => !said.has(certificateSerial));
      return buildCrlTbs(ca.facts, { number, thisUpdate, nextUpdate }, withdrawn, kept);
    },
    published?.number,
  );
  // A revocation list has the same outer form as a certificate: what was signed, the algorithm, the signature.
  const crl = assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId: `crl/${sha256Hex(tbs)}` }));
  const { number, entries, signature } = readCrl(crl);
  if (!verify('sha256', tbs, { key: ca.facts.publicKey, dsaEncoding: 'der' }, signature)) {
    const message = `The revocation list ${number} is not published, because its signature does not verify: check the signer.`;
    throw new PkiError('SIGNER_FAULT', message, { reason: 'verification' });
  }
  return { crl, number, entries: entries.length, thisUpdate, nextUpdate, mark };
}

/** A revocation is permanent. A hold may have ended, but not that of a certificate which the ledger never knew. */
async function lastingEntries(entries: readonly CrlEntry[], ledger: Withdrawals): Promise<CrlEntry[]> {
  const lasting: CrlEntry[] = [];
  for (const entry of entries) {
    const mayHaveEnded =
      entry.reason === 'certificateHold' && (await ledger.isKnown(entry.certificateSerial));
    if (!mayHaveEnded) lasting.push(entry);
  }
  return lasting;
}
