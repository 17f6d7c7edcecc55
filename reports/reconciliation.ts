import type { AuditEntry } from '../pki/audit/audit-chain.ts';
import type { Issuance, IssuanceState } from '../pki/signing/issuances.ts';
import { sha256Hex } from '../pki/x509/p256.ts';

/** What two records disagree in; `code` is stable, `what` names the unit, request or certificate. */
export interface Difference {
  readonly code:
    | 'audit-missing'
    | 'ledger-missing'
    | 'content-differs'
    | 'state-differs'
    | 'certificate-differs'
    | 'signature-unaudited'
    | 'not-in-manifest'
    | 'registered-not-issued'
    | 'registered-but-withdrawn'
    | 'active-not-registered'
    | 'unfinished';
  readonly what: string;
  readonly detail: string;
}

/** How much was compared. `signatures` are those that the audit log says may have been made for devices. */
export interface ReconciledCounts {
  signatures: number;
  ledgerRows: number;
  auditEntries: number;
  registeredCertificates: number;
  manifestRows: number;
}

/** A certificate in the registry, of a unit that its batch's manifest lists. */
export interface RegisteredCertificate {
  readonly serial: string;
  readonly certificateSha256: string;
  readonly state: 'active' | 'superseded' | 'revoked';
}

/** What the registry says of a batch: its manifest's serials, its certificates, and whether it is closed. */
export interface RegisteredLot {
  readonly isClosed: boolean;
  readonly serials: ReadonlySet<string>;
  readonly certificates: readonly RegisteredCertificate[];
}

/** What the audit log says became of a request. */
interface Audited {
  state: IssuanceState;
  signings: number;
  tbsSha256: string;
  certificateSha256: string | undefined;
}

const STATE_AFTER: Readonly<Record<string, IssuanceState>> = {
  signing: 'signing',
  issued: 'issued',
  activated: 'active',
  superseded: 'superseded',
  revoked: 'revoked',
  // Said of ledgers before version 6, which made these states of it.
  reserved: 'signing',
  void: 'superseded',
};

/** What each request came to, by the audit log alone. */
export async function replayAudit(
  entries: AsyncIterable<AuditEntry>,
): Promise<{ readonly requests: ReadonlyMap<string, Audited>; readonly entries: number }> {
  const requests = new Map<string, Audited>();
  let count = 0;
  for await (const { body } of entries) {
    count += 1;
    const event = JSON.parse(body) as Readonly<Record<string, string>>;
    const state = STATE_AFTER[event['event'] ?? ''];
    const requestId = event['requestId'];
    if (state === undefined || requestId === undefined) continue;
    const audited = requests.get(requestId) ?? {
      state,
      signings: 0,
      tbsSha256: '',
      certificateSha256: undefined,
    };
    audited.state = state;
    if (event['event'] === 'signing') audited.signings += 1;
    audited.tbsSha256 = event['tbsSha256'] ?? audited.tbsSha256;
    if (state === 'issued') audited.certificateSha256 = event['sha256'];
    requests.set(requestId, audited);
  }
  return { requests, entries: count };
}

/** Everything in which ledger rows and the audit log disagree. */
export function compareAudit(
  rows: readonly Issuance[],
  requests: ReadonlyMap<string, Audited>,
): Difference[] {
  const known = new Set(rows.map(({ requestId }) => requestId));
  const lost = [...requests.keys()].filter((requestId) => !known.has(requestId));
  return [
    ...lost.map((what): Difference => ({
      code: 'ledger-missing',
      what,
      detail: 'is in the audit log, and has no row in the ledger',
    })),
    ...rows.flatMap((row) => compareRow(row, requests.get(row.requestId))),
  ];
}

function compareRow(row: Issuance, audited: Audited | undefined): Difference[] {
  const what = row.requestId;
  if (audited === undefined)
    return [{ code: 'audit-missing', what, detail: 'has a row in the ledger, and is not in the audit log' }];
  const differences: Difference[] = [];
  if (sha256Hex(row.tbs) !== audited.tbsSha256)
    differences.push({ code: 'content-differs', what, detail: 'holds other contents than were reserved' });
  if (row.state !== audited.state)
    differences.push({
      code: 'state-differs',
      what,
      detail: `is ${row.state} in the ledger and ${audited.state} in the audit log`,
    });
  const certificateSha256 = row.certificate === undefined ? undefined : sha256Hex(row.certificate);
  if (certificateSha256 !== audited.certificateSha256)
    differences.push({
      code: 'certificate-differs',
      what,
      detail: 'holds another certificate than was issued',
    });
  if (certificateSha256 !== undefined && audited.signings === 0)
    differences.push({
      code: 'signature-unaudited',
      what,
      detail: 'was signed without a word in the audit log',
    });
  return differences;
}

/** Everything in which the ledger's rows of a batch and the registry disagree; without a lot all of them are unknown. */
export function compareLot(rows: readonly Issuance[], lot: RegisteredLot | undefined): Difference[] {
  const byFingerprint = new Map(
    rows
      .filter(({ certificate }) => certificate !== undefined)
      .map((row) => [sha256Hex(row.certificate!), row]),
  );
  const active = new Set(
    lot?.certificates
      .filter(({ state }) => state === 'active')
      .map(({ certificateSha256 }) => certificateSha256),
  );
  return [
    ...rows.flatMap((row) => compareWithLot(row, lot, active)),
    ...(lot?.certificates ?? []).flatMap((certificate) =>
      compareRegistered(certificate, byFingerprint.get(certificate.certificateSha256)),
    ),
  ];
}

function compareWithLot(
  row: Issuance,
  lot: RegisteredLot | undefined,
  active: ReadonlySet<string>,
): Difference[] {
  const what = `${row.serial} (${row.requestId})`;
  if (lot === undefined || !lot.serials.has(row.serial))
    return [{ code: 'not-in-manifest', what, detail: `is in no manifest registered as ${row.batchId}` }];
  if (row.state === 'active' && !active.has(sha256Hex(row.certificate!)))
    return [{ code: 'active-not-registered', what, detail: 'is active, and the registry has it not' }];
  const isUnfinished = row.state === 'signing' || row.state === 'issued';
  if (isUnfinished && lot.isClosed)
    return [{ code: 'unfinished', what, detail: `is ${row.state} and its batch is closed: revoke it` }];
  return [];
}

function compareRegistered(
  { serial, certificateSha256, state }: RegisteredCertificate,
  row: Issuance | undefined,
): Difference[] {
  const what = `${serial} (${certificateSha256})`;
  if (row === undefined || row.serial !== serial)
    return [{ code: 'registered-not-issued', what, detail: 'is registered, and was not issued to it here' }];
  const counts = row.state === 'issued' || row.state === 'active';
  if (state === 'active' && (!counts || row.heldAt !== undefined))
    return [
      {
        code: 'registered-but-withdrawn',
        what,
        detail: `is registered as active, and ${counts ? 'on hold' : row.state} in the ledger`,
      },
    ];
  return [];
}
