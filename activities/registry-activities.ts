import { answerPaths } from '../manifests/answer/answers.ts';
import { writeResultFile } from '../manifests/answer/result-file.ts';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import { REASON_MAX } from '../provisioning/messages.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type { CloseBatchInput, RecordRefusalInput, UnitCounts } from '../provisioning/batch.ts';
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
import type { AttemptFailure, Registration, Registry } from '../registry/registry.ts';
import { certificateIn } from './certificate-payload.ts';
import { translated } from './failure-translation.ts';
import { withHeartbeat } from './heartbeat.ts';

/** Step 5 and the bookkeeping of the batch, on the host of the registry. */
export function createRegistryActivities(registry: Registry, inbox: string): RegistryActivities {
  return {
    registerDevice: (input) =>
      translated(STEP_FAULT.registerDevice, () => registry.registerUnit(registrationOf(input))),
    recordFailure: (input) => booked(() => record(registry, input)),
    recordDecision: ({ decision, ...attempt }) =>
      booked(() => registry.recordDecision({ ...attempt, decision })),
    recordBatchDecision: ({ batchId, decision }) =>
      booked(() => registry.recordBatchDecision(batchId, decision)),
    recordRefusal: (input) => booked(() => recordRefusal(registry, input)),
    recordTermination: (input) => booked(() => recordTermination(registry, input)),
    recordRejectedBoard: (input) => booked(() => registry.recordRejectedBoard(input)),
    recallUnit: (input) => booked(() => recall(registry, input)),
    loadChunk: ({ batchId, chunk, supplement }) =>
      booked(() => registry.chunkRows(batchId, chunk, CHUNK_SIZE, supplement)),
    openSupplement: (input) => booked(async () => (await registry.openSupplement(input)).quantity),
    judgeCertificates: (input) => booked(() => judge(registry, input)),
    closeBatch: (input) => booked(() => close(registry, inbox, input)),
  };
}

/** Bookkeeping: it may take long, and is tried until it works. */
async function booked<T>(run: () => Promise<T>): Promise<T> {
  return await translated('REGISTRY_FAULT', () => withHeartbeat(run), 'endless');
}

function registrationOf({
  unit,
  claim,
  signed,
  spkiSha256,
  startedAt,
  verified,
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
    evidence: { readback: verified.evidence },
  };
}

async function record(registry: Registry, input: RecordFailureInput): Promise<void> {
  const { unit, claim, step, code, message, reason, startedAt, outcome, decision } = input;
  const { batchId, serial, attempt } = unit;
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
  const step = 'signCertificate';
  for (const { serial, attempt: before = 0 } of units)
    await registry.recordAttention({ batchId, serial, attempt: before + 1, step, code });
}

async function recordTermination(
  registry: Registry,
  { batchId, serial }: RecordTerminationInput,
): Promise<EndedUnit> {
  const unit = await registry.unit(serial);
  const attempt = unit?.lastAttempt ?? 1;
  if (unit?.outcome !== undefined) return { outcome: unit.outcome, attempt };
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

async function judge(
  registry: Registry,
  { batchId, certificates, isOver = false, supplement }: JudgeCertificatesInput,
): Promise<JudgedCertificates> {
  const judged = { passed: [] as UnfinishedCertificate[], ended: [] as UnfinishedCertificate[] };
  for (const certificate of certificates) {
    const unit = await registry.unit(certificate.serial);
    if (unit?.batchId !== batchId) continue;
    const mustHaveEnded = isOver && unit.supplement === supplement;
    const outcome =
      unit.outcome ?? (mustHaveEnded ? (await recordTermination(registry, unit)).outcome : undefined);
    if (outcome === undefined) continue;
    const isRegistered = unit.certificates.some(
      ({ state, spkiSha256 }) => state === 'active' && spkiSha256 === certificate.spkiSha256,
    );
    if (outcome !== 'PASS') judged.ended.push(certificate);
    else if (isRegistered) judged.passed.push(certificate);
  }
  return judged;
}

/** The result is written beside the manifest before the run of the batch is recorded as closed. */
async function close(
  registry: Registry,
  inbox: string,
  { batchId, cancelled, recovered = false, supplement }: CloseBatchInput,
): Promise<UnitCounts> {
  // Units without an end are on HOLD if a person ended the batch; otherwise they lost their chunk.
  if (recovered) await registry.endOpenUnits(batchId, 'HOLD', 'BATCH_CLOSED', supplement);
  else if (cancelled) await registry.endOpenUnits(batchId, 'HOLD', 'CANCELLED', supplement);
  else await registry.endOpenUnits(batchId, 'ERROR', 'CHUNK_LOST', supplement);
  const { batch } = await registry.batchSummary(batchId);
  const { result } = answerPaths(inbox, batch.manifest);
  await writeResultFile(result, registry.resultRows(batchId));
  await registry.closeBatch(batchId, supplement);
  const { passed, failed, errors, held } = await registry.batchSummary(batchId, supplement);
  return { passed, failed, errors, held };
}
