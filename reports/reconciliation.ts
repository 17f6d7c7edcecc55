import type { AuditEntry } from '../pki/audit/audit-chain.ts';
import type { IssuanceState } from '../pki/signing/issuances.ts';
import type { RegisteredCertificate } from '../registry/registry.ts';

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
    | 'not-activated'
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

/** A row of the ledger, its bytes as SHA-256 in lower-case hex. */
export interface IssuedRow {
  readonly requestId: string;
  readonly batchId: string;
  readonly serial: string;
  readonly state: IssuanceState;
  readonly tbsSha256: string;
  readonly certificateSha256?: string;
  readonly isHeld: boolean;
  /** It was issued in a rework that has not ended. */
  readonly isInRework?: boolean;
}

/** What the registry says of the unit of a ledger row. */
export interface ListedUnit {
  /** Whether its batch is closed. */
  readonly isClosed: boolean;
  /** Whether the certificate of the row is active there. */
  readonly isActive: boolean;
  /** Whether any certificate of the unit is: it passed. Not looked up for rows that are active or withdrawn. */
  readonly hasPassed: boolean;
}

/** The result of a request, as the audit log says it. */
export interface AuditedRequest {
  readonly state: IssuanceState;
  readonly tbsSha256: string;
  readonly certificateSha256?: string;
  readonly signings: number;
}

/** What one entry of the audit log says of a request; members that it says nothing of are absent. */
export type AuditedStep = Partial<AuditedRequest> &
  Pick<AuditedRequest, 'state' | 'signings'> & { readonly requestId: string };

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

/** What an entry of the audit log says of a request; undefined for one about anything else. */
export function auditedStep({ body }: AuditEntry): AuditedStep | undefined {
  const { event = '', requestId, tbsSha256, sha256 } = JSON.parse(body) as Readonly<Record<string, string>>;
  const state = STATE_AFTER[event];
  if (state === undefined || requestId === undefined) return undefined;
  return {
    requestId,
    state,
    signings: event === 'signing' ? 1 : 0,
    ...(tbsSha256 !== undefined && { tbsSha256 }),
    ...(state === 'issued' && sha256 !== undefined && { certificateSha256: sha256 }),
  };
}

/** The difference of a request that has no row in the ledger. */
export function missingRow(requestId: string): Difference {
  return {
    code: 'ledger-missing',
    what: requestId,
    detail: 'is in the audit log, but has no row in the ledger',
  };
}

/** Everything in which a ledger row and the audit log disagree. */
export function compareAudited(row: IssuedRow, audited: AuditedRequest | undefined): Difference[] {
  const what = row.requestId;
  if (audited === undefined)
    return [{ code: 'audit-missing', what, detail: 'has a row in the ledger, but is not in the audit log' }];
  const differences: Difference[] = [];
  if (row.tbsSha256 !== audited.tbsSha256)
    differences.push({
      code: 'content-differs',
      what,
      detail: 'has other contents in the ledger than were reserved',
    });
  if (row.state !== audited.state)
    differences.push({
      code: 'state-differs',
      what,
      detail: `is ${row.state} in the ledger and ${audited.state} in the audit log`,
    });
  if (row.certificateSha256 !== audited.certificateSha256)
    differences.push({
      code: 'certificate-differs',
      what,
      detail: 'has another certificate in the ledger than was issued',
    });
  if (row.certificateSha256 !== undefined && audited.signings === 0)
    differences.push({
      code: 'signature-unaudited',
      what,
      detail: 'was signed, but the audit log has no entry of it',
    });
  return differences;
}

/** Everything in which a ledger row and the registry disagree; `unit` is undefined where no manifest lists it. */
export function compareListed(row: IssuedRow, unit: ListedUnit | undefined): Difference[] {
  const what = `${row.serial} (${row.requestId})`;
  if (unit === undefined)
    return [
      { code: 'not-in-manifest', what, detail: `is in no registered manifest of batch ${row.batchId}` },
    ];
  if (row.state === 'active' && !unit.isActive)
    return [{ code: 'active-not-registered', what, detail: 'is active, but is not in the registry' }];
  return isUnfinished(row) && row.isInRework !== true && unit.isClosed ? [unfinished(row, unit, what)] : [];
}

/** Whether the certificate of a row is neither active nor withdrawn. */
export function isUnfinished({ state }: Pick<IssuedRow, 'state'>): boolean {
  return state === 'signing' || state === 'issued';
}

/** Nobody may revoke the certificate of a unit that passed because a report of it was lost. */
function unfinished({ batchId, serial, state }: IssuedRow, unit: ListedUnit, what: string): Difference {
  if (unit.isActive) {
    const untrusted = `its station was stopped or revoked ("certline station list"): let it work again with the same key, or revoke the certificate with "certline cert revoke ${serial} --reason keyCompromise"`;
    const cure = `run "certline batch recover ${batchId}"; if that changes nothing, ${untrusted}`;
    return { code: 'not-activated', what, detail: `PASS, registered, not activated: ${cure}` };
  }
  if (unit.hasPassed) {
    const detail = `is ${state}, and the unit passed with another certificate: call the security engineer`;
    return { code: 'unfinished', what, detail };
  }
  const cure = `revoke it with "certline cert revoke ${serial} --reason cessationOfOperation"`;
  return { code: 'unfinished', what, detail: `is ${state}, and its batch is closed without a PASS: ${cure}` };
}

/** Everything in which a registered certificate and the ledger disagree; `row` is of that certificate. */
export function compareRegistered(
  {
    serial,
    certificateSha256,
    state,
  }: Pick<RegisteredCertificate, 'certificateSha256' | 'state'> & { readonly serial: string },
  row: Pick<IssuedRow, 'serial' | 'state' | 'isHeld'> | undefined,
): Difference[] {
  const what = `${serial} (${certificateSha256})`;
  if (row === undefined || row.serial !== serial)
    return [
      { code: 'registered-not-issued', what, detail: 'is registered, but was not issued here for this unit' },
    ];
  const isValid = row.state === 'issued' || row.state === 'active';
  if (state !== 'active' || (isValid && !row.isHeld)) return [];
  const detail = `is registered as active, but is ${isValid ? 'on hold' : row.state} in the ledger`;
  return [{ code: 'registered-but-withdrawn', what, detail }];
}
