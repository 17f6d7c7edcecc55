import { answerPaths } from '../manifests/answer/answers.ts';
import { writeResultFile } from '../manifests/answer/result-file.ts';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import { REASON_MAX } from '../provisioning/messages.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type {
  CloseBatchInput,
  LoadChunkInput,
  LoadedChunk,
  NeverBegunUnits,
  RecordRefusalInput,
  UnitCounts,
} from '../provisioning/batch.ts';
import type { ReportedPass, SignedPass } from '../provisioning/pass.ts';
import type { AttemptRelease, ReleaseAttemptInput } from '../provisioning/permit.ts';
import type { AttemptId } from '../provisioning/unit.ts';
import type { ReworkOfUnit } from '../provisioning/rework.ts';
import type { OpenSupplementInput } from '../provisioning/supplement.ts';
import { batchWorkflowId, reworkWorkflowId, runIdOf, unitWorkflowId } from '../provisioning/workflow-ids.ts';
import type {
  EndedUnit,
  JudgeCertificatesInput,
  JudgedCertificates,
  RecalledUnit,
  RecallUnitInput,
  RecordFailureInput,
  RecordTerminationInput,
  RegisterDeviceInput,
  RegistryActivities,
} from '../provisioning/registration.ts';
import type { UnfinishedCertificate } from '../provisioning/signing.ts';
import type {
  AttemptFailure,
  BatchRecord,
  Registration,
  Registry,
  UnitRecord,
} from '../registry/registry.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import { signAttempt, signRelease } from '../pki/signing/intake-statements.ts';
import { RegistryError } from '../registry/registry-error.ts';
import { mustComeFrom } from './caller.ts';
import { certificateIn } from './certificate-payload.ts';
import { translated } from './failure-translation.ts';
import { fitUnit } from './fit-unit.ts';
import { mustBeProven } from './prove-registration.ts';
import type { PassTrust } from './prove-registration.ts';
import type { WorkStanding } from './work-standing.ts';
import { withHeartbeat } from './heartbeat.ts';

/** What the registry works with, and what it believes. */
export interface RegistryParts extends PassTrust {
  readonly registry: Registry;
  /** Drop folder: results are put beside the manifests. */
  readonly inbox: string;
  /** The key with which the intake of this host releases units. */
  readonly intake: StationKey;
  readonly work: WorkStanding;
}

/** Step 5 and the bookkeeping of the batch, on the host of the registry. Anybody may ask, so what is said is checked. */
export function createRegistryActivities(parts: RegistryParts): RegistryActivities {
  const { registry } = parts;
  return {
    registerDevice: (input) => translated(STEP_FAULT.registerDevice, () => register(parts, input)),
    recordFailure: (input) => booked(() => record(registry, input)),
    recordDecision: ({ decision, ...attempt }) =>
      booked(() => registry.recordDecision({ ...attempt, decision })),
    recordBatchDecision: ({ batchId, decision }) =>
      booked(() => registry.recordBatchDecision(batchId, decision)),
    recordRefusal: (input) => booked(() => recordRefusal(registry, input)),
    recordTermination: (input) => booked(() => recordTermination(parts, input)),
    recordRejectedBoard: (input) => booked(() => registry.recordRejectedBoard(input)),
    recallUnit: (input) => booked(() => recall(registry, input)),
    loadChunk: (input) => booked(() => load(parts, input)),
    releaseAttempt: (input) => booked(() => releaseAttempt(parts, input)),
    openSupplement: (input) => booked(() => openSupplement(registry, input)),
    neverBegun: ({ batchId, after }) => booked(() => neverBegun(registry, batchId, after)),
    freeUnits: ({ batchId, serials }) => booked(() => free(registry, batchId, serials)),
    judgeCertificates: (input) => booked(() => judge(parts, input)),
    openRework: (input) => booked(async () => registry.openRework(fromRework(input))),
    refuseRework: (input) => booked(async () => registry.refuseRework(fromRework(input))),
    recordWipe: (input) => booked(async () => registry.recordWipe(fromUnit(input))),
    recordReworkFailure: (input) => booked(async () => registry.recordReworkFailure(fromUnit(input))),
    endReworkUnit: (input) => booked(async () => registry.endReworkUnit(fromUnitOrRework(input))),
    rewriteResult: ({ batchId }) => booked(() => rewriteResult(parts, batchId)),
    closeBatch: (input) => booked(() => close(parts, input)),
  };
}

/** Bookkeeping: it may take long, and is tried until it works. */
async function booked<T>(run: () => Promise<T>): Promise<T> {
  return await translated('REGISTRY_FAULT', () => withHeartbeat(run), 'endless');
}

async function register(parts: RegistryParts, input: RegisterDeviceInput): Promise<void> {
  await mustBeProven(input, parts);
  await parts.registry.registerUnit(registrationOf(input));
}

function registrationOf({
  unit,
  claim,
  signed,
  spkiSha256,
  startedAt,
  verified,
  rework,
}: RegisterDeviceInput): Registration {
  const { batchId, serial, attempt } = unit;
  return {
    batchId,
    serial,
    attempt,
    ...claim,
    ...certificateIn(signed, spkiSha256),
    startedAt,
    verifiedAt: verified.verifiedAt,
    evidence: { readback: verified.evidence, pass: verified.pass },
    ...rework,
  };
}

async function record(registry: Registry, input: RecordFailureInput): Promise<void> {
  const { unit, claim, step, code, message, reason, startedAt, outcome, decision } = input;
  const { batchId, serial, attempt } = unit;
  mustComeFrom(unitWorkflowId(serial));
  if (outcome === 'FAIL') await mustHaveWaited(registry, unit);
  const failure: AttemptFailure = {
    batchId,
    serial,
    attempt,
    step,
    code,
    ...(message !== undefined && { message }),
    ...(reason !== undefined && { reason: textOf(reason) }),
    ...(decision !== undefined && { decision }),
    ...claim,
    ...(startedAt !== undefined && { startedAt }),
  };
  await (outcome ? registry.recordOutcome({ ...failure, outcome }) : registry.recordAttention(failure));
}

/** Only a unit that has begun, and waited for the decision, can be bad. */
async function mustHaveWaited(registry: Registry, { serial, attempt }: AttemptId): Promise<void> {
  const unit = await registry.unit(serial);
  if (unit?.attempts.some((known) => known.attempt === attempt)) return;
  const message = `Unit ${serial}: attempt ${attempt} has not begun, so it cannot have failed.`;
  throw new RegistryError('not-active', message);
}

/**
 * Earlier versions passed on whatever a decision brought as its reason, and a unit that waits for this must not wait
 * without end.
 */
function textOf(reason: unknown): string {
  const text = typeof reason === 'string' ? reason : JSON.stringify(reason);
  return text.slice(0, REASON_MAX);
}

async function recordRefusal(
  registry: Registry,
  { batchId, units, code }: RecordRefusalInput,
): Promise<void> {
  mustComeFrom(batchWorkflowId(batchId));
  const step = 'signCertificate';
  for (const { serial, attempt: before = 0 } of units)
    await registry.recordAttention({ batchId, serial, attempt: before + 1, step, code });
}

async function recordTermination(
  { registry, work }: RegistryParts,
  { batchId, serial }: RecordTerminationInput,
): Promise<EndedUnit> {
  mustComeFrom(batchWorkflowId(batchId));
  const unit = await registry.unit(serial);
  const attempt = unit?.lastAttempt ?? 1;
  if (unit?.outcome !== undefined) return { outcome: unit.outcome, attempt };
  if (await work.unitRuns(serial))
    throw new RegistryError('still-running', `Unit ${serial} was not terminated: its workflow runs.`);
  const step = unit?.step ?? 'generateKeypair';
  const outcome = 'ERROR';
  try {
    await registry.recordOutcome({ batchId, serial, attempt, step, code: 'UNIT_TERMINATED', outcome });
    return { outcome, attempt };
  } catch (error) {
    // Its registration was under way, and came first.
    if ((await registry.unit(serial))?.outcome !== 'PASS') throw error;
    return { outcome: 'PASS', attempt };
  }
}

async function recall(registry: Registry, { batchId, serial }: RecallUnitInput): Promise<RecalledUnit> {
  const unit = await registry.unit(serial);
  // A unit of another batch is not one of this one.
  if (unit === undefined || unit.batchId !== batchId) return { attempt: 0 };
  const { outcome, code, attempts, certificates } = unit;
  const active = certificates.find(({ state }) => state === 'active');
  return {
    attempt: attempts.at(-1)?.attempt ?? 0,
    ...(outcome !== undefined && { outcome }),
    ...(isFailureCode(code) && { code }),
    ...(active && { fingerprint: active.certificateSha256, spkiSha256: active.spkiSha256 }),
  };
}

/** The units of a chunk; those that have not ended are signed for, since their manifest was accepted here. */
async function load({ registry, intake }: RegistryParts, input: LoadChunkInput): Promise<LoadedChunk> {
  const { batchId, chunk, supplement } = input;
  const rows = await registry.chunkRows(batchId, chunk, CHUNK_SIZE, supplement);
  const batch = await registry.batch(batchId);
  if (batch === undefined) return { rows };
  const { order, manifestSha256, quantity } = batch;
  const units = rows.filter(({ outcome }) => outcome === undefined);
  const release = { batchId, order, manifestSha256, quantity, units };
  return { rows, signed: signRelease(release, intake.privateKey) };
}

/** A further attempt follows one that is recorded, at a unit that has not ended or is in a rework. Throws REGISTRY_CONFLICT. */
async function releaseAttempt(
  { registry, intake }: RegistryParts,
  { unit }: ReleaseAttemptInput,
): Promise<AttemptRelease> {
  const { batchId, serial, attempt } = fitUnit(unit);
  mustComeFrom(unitWorkflowId(serial));
  const known = await registry.unit(serial);
  const rework = known?.reworks.find(({ isOpen }) => isOpen);
  const order = rework?.order ?? known?.order;
  const isSame = known?.batchId === batchId && known.serial === serial && order === unit.order;
  const isListed = isSame && known.product === unit.product && known.boardId === unit.boardId;
  // A unit that was reset skips the attempt that may be under way; a rework that was given up has used one.
  const most = (known?.lastAttempt ?? 0) + (known?.reworks.length ?? 0) + 2;
  const isOpen = known?.outcome === undefined || rework !== undefined;
  if (!isListed || !isOpen || !Number.isSafeInteger(attempt) || attempt > most) {
    const message = `Unit ${serial}: attempt ${attempt} is not the next one of an open unit of batch ${batchId}.`;
    throw new RegistryError('not-active', message);
  }
  return { signature: signAttempt(unit, intake.privateKey) };
}

async function judge(
  parts: RegistryParts,
  { batchId, certificates, isOver = false, supplement }: JudgeCertificatesInput,
): Promise<JudgedCertificates> {
  const { registry } = parts;
  const judged = { passed: [] as ReportedPass[], ended: [] as UnfinishedCertificate[] };
  for (const certificate of certificates) {
    const unit = await registry.unit(certificate.serial);
    if (unit?.batchId !== batchId) continue;
    const mustHaveEnded = isOver && unit.supplement === supplement;
    const outcome =
      unit.outcome ?? (mustHaveEnded ? (await recordTermination(parts, unit)).outcome : undefined);
    if (outcome === undefined) continue;
    const isRegistered = unit.certificates.some(
      ({ state, spkiSha256 }) => state === 'active' && spkiSha256 === certificate.spkiSha256,
    );
    if (outcome !== 'PASS') judged.ended.push(certificate);
    else if (isRegistered) judged.passed.push({ requestId: certificate.requestId, ...passOf(unit) });
  }
  return judged;
}

/** The pass that was recorded with the unit; none of a unit that an earlier version registered. */
function passOf({ evidence }: UnitRecord): { readonly pass?: SignedPass } {
  const pass = evidence.findLast(({ kind }) => kind === 'pass')?.body as SignedPass | undefined;
  return pass === undefined ? {} : { pass };
}

async function openSupplement(registry: Registry, input: OpenSupplementInput): Promise<number> {
  mustComeFrom(batchWorkflowId(runIdOf(input.batchId, input.number)));
  return (await registry.openSupplement(input)).quantity;
}

/** Units in a page: their serials stay below 200 kB, and a batch of a million has 500 pages. */
const UNBEGUN_PAGE = 2_000;

async function neverBegun(registry: Registry, batchId: string, after: number): Promise<NeverBegunUnits> {
  mustComeFrom(batchWorkflowId(batchId));
  const units = await registry.neverBegun(batchId, after, UNBEGUN_PAGE);
  const last = units.length === UNBEGUN_PAGE ? units.at(-1) : undefined;
  return { serials: units.map(({ serial }) => serial), ...(last && { next: last.row }) };
}

/** Nobody else may take serials from a batch. */
async function free(registry: Registry, batchId: string, serials: readonly string[]): Promise<void> {
  mustComeFrom(batchWorkflowId(batchId));
  await registry.freeUnits(batchId, serials);
}

/** The result is written beside the manifest before the run of the batch is recorded as closed. */
async function close(
  { registry, inbox, work }: RegistryParts,
  { batchId, cancelled, recovered = false, closed = false, supplement }: CloseBatchInput,
): Promise<UnitCounts> {
  mustComeFrom(batchWorkflowId(batchId));
  const open = await registry.openUnits(batchId, supplement);
  if (open > 0 && (await work.batchRuns(batchId)))
    throw new RegistryError('still-running', `Batch ${batchId} is not closed: units of it are under way.`);
  // Units without an end are on HOLD if a person ended the batch; otherwise they lost their chunk.
  if (closed && !cancelled) await registry.endOpenUnits(batchId, 'HOLD', 'CLOSED_SHORT', supplement);
  else if (recovered) await registry.endOpenUnits(batchId, 'HOLD', 'BATCH_CLOSED', supplement);
  else if (cancelled) await registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED', supplement);
  else await registry.endOpenUnits(batchId, 'ERROR', 'CHUNK_LOST', supplement);
  const { batch } = await registry.batchSummary(batchId);
  await writeResult(registry, inbox, batch);
  await registry.closeBatch(batchId, supplement);
  const { passed, failed, errors, held } = await registry.batchSummary(batchId, supplement);
  return { passed, failed, errors, held };
}

/** A rework changed units of the batch. The result of one that is open is written when it closes. */
async function rewriteResult({ registry, inbox }: RegistryParts, batchId: string): Promise<void> {
  const { batch } = await registry.batchSummary(batchId);
  if (batch.state === 'closed') await writeResult(registry, inbox, batch);
}

async function writeResult(
  registry: Registry,
  inbox: string,
  { batchId, manifest }: BatchRecord,
): Promise<void> {
  const { result } = answerPaths(inbox, manifest);
  const version = await registry.numberResult(batchId);
  await writeResultFile(result, registry.resultRows(batchId), version);
}

/** What a rework says of itself. Throws REGISTRY_CONFLICT for what anybody else says. */
function fromRework<T extends { readonly reworkId: string }>(input: T): T {
  mustComeFrom(reworkWorkflowId(input.reworkId));
  return input;
}

/** What the workflow of a unit says of it. */
function fromUnit<T extends ReworkOfUnit>(input: T): T {
  mustComeFrom(unitWorkflowId(input.unit.serial));
  return input;
}

/** A unit whose workflow was terminated is spoken for by its rework. */
function fromUnitOrRework<T extends ReworkOfUnit>(input: T): T {
  try {
    return fromUnit(input);
  } catch {
    return fromRework(input);
  }
}
