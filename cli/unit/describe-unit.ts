import { hintOf } from '../../provisioning/failure-table.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import type {
  AttemptRecord,
  DecisionRecord,
  RegisteredCertificate,
  EvidenceRecord,
  UnitOnBoard,
  UnitRecord,
} from '../../registry/registry.ts';
import { runIdOf } from '../../provisioning/workflow-ids.ts';
import { CommandError } from '../exit-status.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { shownExpiry, shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields, printTable } from '../terminal/table.ts';
import type { Invocation } from '../invocation.ts';
import { findUnitOrOwner } from './find-unit.ts';
import { retryCommand } from './retry-command.ts';
import type { LiveState } from './unit-live-state.ts';

export interface DescribeUnitOptions {
  readonly pem?: boolean;
  readonly json?: boolean;
}

/** `certline unit show`. Throws `unknown`, and `refused` where the PEM of a unit without a certificate is asked for. */
export async function describeUnit(
  invocation: Invocation,
  which: string,
  options: DescribeUnitOptions,
): Promise<void> {
  const unit = await findUnitOrOwner(invocation, which);
  if (options.pem === true) {
    process.stdout.write(activePem(unit));
    return;
  }
  const live = mayRun(unit) ? await askLive(invocation.stateFolder, unit.serial) : undefined;
  const sameBoards = await withRegistry(
    invocation,
    async (registry) => await registry.unitsOnSameBoards(unit.serial),
  );
  if (options.json === true) printJson({ ...documentOf(unit, live), sameBoards });
  else await printUnit(unit, live, sameBoards);
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

async function printUnit(
  unit: UnitRecord,
  live: LiveState,
  sameBoards: readonly UnitOnBoard[],
): Promise<void> {
  printFields([
    ['Serial', unit.serial],
    ['Outcome', standingOf(unit, live)],
    ['What happened', unit.outcome === 'PASS' ? undefined : unit.attempts.at(-1)?.message],
    ['To do', isWaiting(unit, live) ? whileWaiting(unit) : afterEnd(unit)],
    ['Now', live && nowOf(live, unit)],
    ['Batch', `${unit.batchId}, row ${unit.row}, order ${unit.order}${supplementOf(unit)}`],
    ['Product', unit.product],
    ['Board', unit.boardId === undefined ? undefined : `${unit.boardId} (by the manifest)`],
    ...sameBoards.map((other) => ['Same board', sameBoardIn(other)] as const),
    ...Object.entries(unit.attrs).map(([name, value]) => [name, value] as const),
  ]);
  await printAttempts(unit.attempts);
  await printReworks(unit.reworks);
  await printDecisions(unit.decisions);
  await printCertificates(unit.certificates);
  printEvidence(unit.evidence);
}

/** A board with another label: the genealogy of a unit. */
function sameBoardIn({ serial, boardId, outcome, registeredAt }: UnitOnBoard): string {
  return `${boardId} was also ${serial} (${outcome ?? 'open'}), registered ${shownTime(registeredAt)}`;
}

/** The record has a unit that tries again as waiting until it ends; its workflow knows better. */
function isWaiting({ attention }: UnitRecord, live: LiveState): boolean {
  if (live === undefined || 'unheard' in live) return attention;
  return attention && 'now' in live && live.now.attention !== undefined;
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

function whileWaiting({ serial, batchId, code, step, attempts }: UnitRecord): string {
  const hint = hintOf(code);
  return `${hint === undefined ? '' : `${hint} `}Then: ${retryCommand({ serial, batchId, step, hasBegun: attempts.at(-1)?.stationId !== undefined })}`;
}

/** Of a unit that ended without a pass, and that nobody scrapped. */
function afterEnd({ serial, outcome, code, freedAt }: UnitRecord): string | undefined {
  if (outcome === undefined || outcome === 'PASS' || outcome === 'FAIL' || freedAt !== undefined)
    return undefined;
  const hint = hintOf(code);
  return `${hint === undefined ? '' : `${hint} `}To run it again: certline unit rerun ${serial} --reason "why"`;
}

function nowOf(live: Exclude<LiveState, undefined>, unit: UnitRecord): string {
  if ('unheard' in live) return `unknown: ${live.unheard}`;
  if ('ended' in live)
    return `its workflow ${live.ended}. If no end of it is recorded within a minute: ${recoverCommand(unit)}`;
  const { attempt, step, stationId, socket, attention } = live.now;
  const place = stationId === undefined ? '' : ` in ${stationId}/${socket ?? '?'}`;
  return attention ? `waits (${attention.code} at ${attention.step})` : `attempt ${attempt}, ${step}${place}`;
}

/** What records the end of a unit that was terminated is its batch or its rework, unless that was terminated too. */
function recoverCommand({ batchId, supplement, reworks }: UnitRecord): string {
  const rework = reworks.find(({ isOpen }) => isOpen);
  const what =
    rework === undefined
      ? `batch recover ${runIdOf(batchId, supplement)}`
      : `rework recover ${rework.reworkId}`;
  return `certline ${what} --reason "why" --by "your name"`;
}

async function printAttempts(attempts: readonly AttemptRecord[]): Promise<void> {
  if (attempts.length === 0) return;
  printLine();
  await printTable(
    [
      ...['attempt', 'what', 'socket', 'board', 'came to', 'code'].map((head) => ({ head })),
      { head: 'reason', wraps: true },
      ...['started', 'finished'].map((head) => ({ head })),
    ],
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
  await printTable(
    [...['rework', 'kind', 'by', 'when', 'result'].map((head) => ({ head })), { head: 'why', wraps: true }],
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
  await printTable(
    [...['decision', 'attempt', 'by', 'when'].map((head) => ({ head })), { head: 'why', wraps: true }],
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
