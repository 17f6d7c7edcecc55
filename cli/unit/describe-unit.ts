import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import type {
  AttemptRecord,
  DecisionRecord,
  RegisteredCertificate,
  EvidenceRecord,
  UnitRecord,
} from '../../registry/registry.ts';
import { CommandError } from '../exit-status.ts';
import { shownExpiry, shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import { findUnit } from './find-unit.ts';
import { retryCommand } from './retry-command.ts';
import type { LiveState } from './unit-live-state.ts';

export interface DescribeUnitOptions {
  readonly pem?: boolean;
  readonly json?: boolean;
}

/** `certline unit show`. Throws `unknown`, and `refused` where the PEM of a unit without a certificate is asked for. */
export async function describeUnit(
  stateFolder: string,
  serial: string,
  options: DescribeUnitOptions,
): Promise<void> {
  const unit = await findUnit(stateFolder, serial);
  if (options.pem === true) {
    process.stdout.write(activePem(unit));
    return;
  }
  const live = mayRun(unit) ? await askLive(stateFolder, unit.serial) : undefined;
  if (options.json === true) printJson(documentOf(unit, live));
  else await printUnit(unit, live);
}

/** A unit that has ended runs again while it is in a rework. */
function mayRun({ outcome, reworks }: UnitRecord): boolean {
  return outcome === undefined || reworks.some(({ isOpen }) => isOpen);
}

/** Temporal's client is loaded only where there is something to ask. */
async function askLive(stateFolder: string, serial: string): Promise<LiveState> {
  const { unitLiveState } = await import('./unit-live-state.ts');
  return await unitLiveState(stateFolder, serial);
}

function activePem({ serial, certificates }: UnitRecord): string {
  const active = certificates.find(({ state }) => state === 'active');
  if (active !== undefined) return pemOf('CERTIFICATE', active.certificate);
  throw new CommandError(
    'refused',
    `${serial} has no active certificate: see "certline unit show ${serial}".`,
  );
}

function documentOf(unit: UnitRecord, live: LiveState): object {
  const certificates = unit.certificates.map(({ certificate, ...facts }) => ({
    ...facts,
    pem: pemOf('CERTIFICATE', certificate),
  }));
  return { ...unit, certificates, live: live ?? null };
}

async function printUnit(unit: UnitRecord, live: LiveState): Promise<void> {
  printFields([
    ['Serial', unit.serial],
    ['Outcome', standingOf(unit, live)],
    ['What happened', unit.outcome === 'PASS' ? undefined : unit.attempts.at(-1)?.message],
    ['To do', isWaiting(unit, live) ? hintOf(unit) : undefined],
    ['Now', live && nowOf(live)],
    ['Batch', `${unit.batchId}, row ${unit.row}, order ${unit.order}${supplementOf(unit)}`],
    ['Product', unit.product],
    ['Board', unit.boardId === undefined ? undefined : `${unit.boardId} (by the manifest)`],
    ...Object.entries(unit.attrs).map(([name, value]) => [name, value] as const),
  ]);
  await printAttempts(unit.attempts);
  await printReworks(unit.reworks);
  await printDecisions(unit.decisions);
  await printCertificates(unit.certificates);
  printEvidence(unit.evidence);
}

/** The record has a unit that tries again as waiting until it ends; its workflow knows better. */
function isWaiting({ attention }: UnitRecord, live: LiveState): boolean {
  return attention && !(live !== undefined && 'now' in live && live.now.attention === undefined);
}

function standingOf(unit: UnitRecord, live: LiveState): string {
  const { outcome, code, step, certificates } = unit;
  if (outcome === 'PASS') return outcome + withdrawnSince(certificates);
  const where = code === undefined ? '' : `: ${code} at ${step ?? '?'}`;
  return (outcome ?? (isWaiting(unit, live) ? 'waits for a decision' : 'open')) + where;
}

/** A unit that passed has a certificate that counts, unless somebody revoked it. */
function withdrawnSince(certificates: readonly RegisteredCertificate[]): string {
  if (certificates.some(({ state }) => state === 'active')) return '';
  const last = certificates.findLast(({ state }) => state === 'revoked');
  return last === undefined ? '' : `, and its certificate was revoked since (${last.reason ?? '?'})`;
}

function supplementOf({ supplement, freedAt }: UnitRecord): string {
  const ran = supplement === undefined ? '' : `, supplement ${supplement}`;
  return freedAt === undefined
    ? ran
    : `${ran}; never begun, so its serial is free for another batch since ${shownTime(freedAt)}`;
}

function hintOf({ serial, batchId, code, step, attempts }: UnitRecord): string {
  const hint = isFailureCode(code) ? `${FAILURES[code].hint} ` : '';
  return `${hint}Then: ${retryCommand({ serial, batchId, step, hasBegun: attempts.at(-1)?.stationId !== undefined })}`;
}

function nowOf(live: Exclude<LiveState, undefined>): string {
  if ('unheard' in live) return `unknown: ${live.unheard}`;
  const { attempt, step, stationId, socket, attention } = live.now;
  const place = stationId === undefined ? '' : ` in ${stationId}/${socket ?? '?'}`;
  return attention ? `waits (${attention.code} at ${attention.step})` : `attempt ${attempt}, ${step}${place}`;
}

async function printAttempts(attempts: readonly AttemptRecord[]): Promise<void> {
  if (attempts.length === 0) return;
  printLine();
  const heads = ['attempt', 'what', 'socket', 'board', 'came to', 'code', 'reason', 'started', 'finished'];
  await printTable(
    heads.map((head) => ({ head })),
    attempts.map((attempt) => [
      String(attempt.attempt) +
        (attempt.supplement === undefined ? '' : ` (supplement ${attempt.supplement})`),
      attempt.reworkId ?? attempt.cause,
      attempt.stationId === undefined ? '' : `${attempt.stationId}/${attempt.socket ?? '?'}`,
      attempt.boardId ?? '',
      attempt.step,
      attempt.code ?? '',
      attempt.reason ?? '',
      shownTime(attempt.startedAt) ?? '',
      shownTime(attempt.finishedAt) ?? '',
    ]),
  );
}

async function printReworks(reworks: UnitRecord['reworks']): Promise<void> {
  if (reworks.length === 0) return;
  printLine();
  const heads = ['rework', 'kind', 'by', 'when', 'result', 'why'];
  await printTable(
    heads.map((head) => ({ head })),
    reworks.map(({ reworkId, kind, by, openedAt, result, refusal, reason }) => [
      reworkId,
      kind,
      by,
      shownTime(openedAt),
      refusal === undefined ? (result ?? 'open') : 'refused',
      reason,
    ]),
  );
}

async function printDecisions(decisions: readonly DecisionRecord[]): Promise<void> {
  if (decisions.length === 0) return;
  printLine();
  const heads = ['decision', 'attempt', 'by', 'when', 'why'];
  await printTable(
    heads.map((head) => ({ head })),
    decisions.map(({ verdict, attempt, by, decidedAt, reason }) => [
      verdict,
      String(attempt),
      by ?? 'not said',
      shownTime(decidedAt),
      reason ?? '',
    ]),
  );
}

async function printCertificates(certificates: readonly RegisteredCertificate[]): Promise<void> {
  if (certificates.length === 0) return;
  printLine();
  const heads = [
    'certificate',
    'state',
    'attempt',
    'board',
    'valid from',
    'valid',
    'ended',
    'in place of',
    'SHA-256',
  ];
  await printTable(
    heads.map((head) => ({ head })),
    certificates.map((certificate) => [
      certificate.certificateSerial,
      certificate.state + (certificate.reason === undefined ? '' : ` (${certificate.reason})`),
      String(certificate.attempt),
      certificate.boardId,
      shownTime(certificate.notBefore),
      shownExpiry(certificate.notAfter),
      shownTime(certificate.endedAt) ?? '',
      replacedBy(certificate, certificates),
      certificate.certificateSha256,
    ]),
  );
}

/** Serial number of the certificate that this one took the place of. */
function replacedBy(
  { supersedes }: RegisteredCertificate,
  certificates: readonly RegisteredCertificate[],
): string {
  const old = certificates.find(({ certificateSha256 }) => certificateSha256 === supersedes);
  return old?.certificateSerial ?? '';
}

function printEvidence(evidence: readonly EvidenceRecord[]): void {
  if (evidence.length === 0) return;
  printLine();
  printFields(
    evidence.map(({ attempt, kind, body, recordedAt }) => [
      `Evidence ${attempt}, ${kind}`,
      `${JSON.stringify(body)} (${shownTime(recordedAt)})`,
    ]),
  );
}
