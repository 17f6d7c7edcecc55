import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { lintCertificate } from '../../pki/lint/certificate-linter.ts';
import { issuerFactsOf } from '../../pki/ca/issuing-ca.ts';
import type { IssuerFacts } from '../../pki/x509/issuer-facts.ts';
import { noCertificateNumberTwice, noKeyTwice } from '../end-to-end/certificate-invariants.ts';
import { repeated, sha256, spkiOf } from '../end-to-end/line-evidence.ts';
import { readRevocationList } from './openssl-checks.ts';
import type { LedgerIssuance, RecordEvidence } from './record-evidence.ts';
import { isEnded, recalledRequests } from './unit-checks.ts';

/** 4: no key is in two issuances, whatever became of them; the ledger's word for a key is the certificate's. */
export function oneKeyForEachIssuance({ issuances }: RecordEvidence): string[] {
  const others = issuances.filter(
    ({ certificate, spkiSha256 }) => certificate !== null && spkiOf(certificate) !== spkiSha256,
  );
  return [
    ...noKeyTwice({ issuances, boards: [], reworks: [] }),
    ...repeated(issuances.map(({ spkiSha256 }) => spkiSha256)).map((spki) => `4: the key ${spki} came twice`),
    ...others.map(({ requestId }) => `4: ${requestId} has another key in its certificate than in the ledger`),
  ];
}

/** 6: certificate numbers are unique, positive, 16 octets, and those that were reserved. */
export function oneNumberForEachIssuance({ issuances }: RecordEvidence): string[] {
  const others = issuances.filter(
    ({ certificate, number }) =>
      certificate !== null && new X509Certificate(certificate).serialNumber.toLowerCase() !== number,
  );
  return [
    ...noCertificateNumberTwice({ issuances }),
    ...repeated(issuances.map(({ number }) => number)).map(
      (number) => `6: the number ${number} was given twice`,
    ),
    ...others.map(
      ({ requestId }) => `6: the certificate of ${requestId} has another number than was reserved`,
    ),
  ];
}

/** 9: what was, or may have been, signed and is not active is revoked, and on the latest list; what is active is not. */
export function withdrawnAreListed({ issuances, crl, chain, crls, events }: RecordEvidence): string[] {
  const list = readRevocationList(crl, chain);
  if (typeof list === 'string') return [`9: ${list}`];
  const newest = crls.at(-1)?.number;
  const numbered = events.find(
    ({ event, members }) => event === 'crl-numbered' && members['number'] === list.number,
  );
  return [
    ...(list.number === newest
      ? []
      : [`9: the revocation list is number ${list.number}, the newest ${newest}`]),
    ...(numbered?.members['tbsSha256'] === list.tbsSha256
      ? []
      : [`9: the audit numbered another revocation list ${list.number}`]),
    ...issuances.flatMap((row) => {
      const isListed = list.serials.has(row.number);
      if (row.state === 'active')
        return !isListed || row.heldAt !== null ? [] : [`9: ${row.requestId} is active, and listed`];
      if (row.state === 'void') return [];
      if (!isEnded(row)) return [`9: ${row.requestId} is ${row.state}: neither in use nor revoked`];
      return isListed ? [] : [`9: ${row.requestId} is ${row.state}, and not on the revocation list`];
    }),
  ];
}

/** 9: the registry holds nothing but what the ledger issued to just that serial, and calls active what is active there. */
export function registryIsOfLedger(evidence: RecordEvidence): string[] {
  const { issuances, registered } = evidence;
  const recalled = recalledRequests(evidence);
  const issued = new Map(
    issuances.flatMap((row) => (row.certificate === null ? [] : [[sha256(row.certificate), row] as const])),
  );
  return registered.flatMap(({ serial, fingerprint, state, der }) => {
    const row = issued.get(sha256(der));
    if (row === undefined || row.serial !== serial || sha256(der) !== fingerprint)
      return [`9: the ledger never issued the certificate that the registry has of ${serial}`];
    if (state !== 'active' || row.state === 'active' || recalled.has(row.requestId)) return [];
    return [`9: the certificate of ${serial} is active in the registry, and ${row.state} in the ledger`];
  });
}

/** 13: linting each certificate again finds nothing, at the time of its issue; it begins by then, and ends within its issuer's time. */
export function certificatesKeepTheProfile({ issuances, chain, organizations }: RecordEvidence): string[] {
  const ca = new X509Certificate(readFileSync(chain));
  const issuer = issuerFactsOf(ca.raw);
  return issuances.flatMap((row) => {
    const { certificate, requestId, reservedAt } = row;
    if (certificate === null) return [];
    const organization = organizations.get(row.product) ?? '';
    const findings = lintAgain(row, certificate, { issuer, organization });
    const { validFromDate, validToDate } = new X509Certificate(certificate);
    const isNested = validFromDate >= ca.validFromDate && validToDate <= ca.validToDate;
    return [
      ...findings.map((code) => `13: the certificate of ${requestId} breaks ${code}`),
      ...(validFromDate.getTime() <= Date.parse(reservedAt)
        ? []
        : [`13: ${requestId} begins after its issue`]),
      ...(isNested ? [] : [`13: ${requestId} is not within its issuer's time`]),
    ];
  });
}

function lintAgain(
  row: LedgerIssuance,
  certificate: Uint8Array,
  { issuer, organization }: { readonly issuer: IssuerFacts; readonly organization: string },
): string[] {
  const { serial, spkiSha256, notBefore, notAfter, number: certificateSerial } = row;
  const names = { serial, organization, commonName: serial, purposes: ['clientAuth'] as const };
  const terms = { spkiSha256, certificateSerial, notBefore, notAfter, subjectAltName: undefined };
  const now = new Date(row.reservedAt);
  return lintCertificate(certificate, { issuer, now, signed: true, expected: { ...names, ...terms } }).map(
    ({ code }) => code,
  );
}
