import { Context } from '@temporalio/activity';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import { STEP_FAULT } from '../provisioning/step-fault.ts';
import type {
  ChunkRow,
  CloseBatchInput,
  FreeUnitsInput,
  LoadChunkInput,
  LoadedChunk,
  NeverBegunInput,
  NeverBegunUnits,
  RecordRefusalInput,
  UnitCounts,
} from '../provisioning/batch.ts';
import type { Outcome } from '../provisioning/outcome.ts';
import type { ReportedPass, SignedPass } from '../provisioning/pass.ts';
import type { AttemptRelease, ReleaseAttemptInput } from '../provisioning/permit.ts';
import type { AttemptId, UnitRow } from '../provisioning/unit.ts';
import type { RecalledRework, ReworkOfUnit } from '../provisioning/rework.ts';
import type { OpenSupplementInput } from '../provisioning/supplement.ts';
import {
  rejectedBoardWorkflowId,
  reworkWorkflowId,
  runIdOf,
  unitWorkflowId,
} from '../provisioning/workflow-ids.ts';
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
  SignedEnd,
} from '../provisioning/registration.ts';
import type { BoardCertificate, UnfinishedCertificate } from '../provisioning/signing.ts';
import type { AttemptFailure, Registration, Registry, UnitRecord } from '../registry/registry.ts';
import type { NoteVerifier } from '../pki/keys/signed-note.ts';
import type { StationKey } from '../pki/keys/station-key.ts';
import {
  checkRework,
  signAttempt,
  signEnded,
  signFurther,
  signRelease,
  signReturn,
} from '../pki/signing/intake-statements.ts';
import { mustBeFresh } from '../pki/signing/rework-age.ts';
import { RegistryError } from '../registry/registry-error.ts';
import { isWorkOfRun } from '../registry/work-of-run.ts';
import type { RunOfBatch } from '../registry/work-of-run.ts';
import { writeBatchResult, writeReportBeside } from '../reports/batch-result.ts';
import { rewriteAnswers } from '../reports/closed-batch-answers.ts';
import { filesOf, writeStatus } from '../reports/lot-answers.ts';
import { mustComeFrom, mustComeFromBatch, mustComeFromOrchestrator } from './caller.ts';
import { certificateIn } from './certificate-payload.ts';
import { translated } from './failure-translation.ts';
import { fitInput } from './fit-input.ts';
import type { InputSchema } from './fit-input.ts';
import { REGISTRY_INPUTS } from './registry-inputs.ts';
import { mustBeProven } from './prove-registration.ts';
import type { PassTrust } from './prove-registration.ts';
import { seenLogs, sightOf } from './seen-logs.ts';
import type { LogTrust } from './seen-logs.ts';
import type { WorkStanding } from './work-standing.ts';
import { withHeartbeat } from './heartbeat.ts';
import { endOfPass, secondsBetween } from './unit-ends.ts';
import type { UnitEnds } from './unit-ends.ts';
import { noteSigned } from './unregistered-certificate.ts';
import type { CertificateTrust } from './unregistered-certificate.ts';
import { untilSentOut } from './until-sent-out.ts';

/** What the registry works with, and what it believes. */
export interface RegistryParts extends PassTrust, LogTrust, CertificateTrust {
  readonly registry: Registry;
  /** Drop folder: results are put beside the manifests. */
  readonly inbox: string;
  /** The key with which the intake of this host releases units. */
  readonly intake: StationKey;
  /** The public keys of intakes on other hosts, as they are now: a rework may be asked for there. */
  readonly intakes: () => readonly NoteVerifier[];
  readonly work: WorkStanding;
  /** What is recorded twice, as an answer was lost, is reported once, unless this process began in between. */
  readonly ends: UnitEnds;
}

/** Step 5 and the bookkeeping of the batch, on the host of the registry. Anybody may ask, so what is said is checked. */
export function createRegistryActivities(parts: RegistryParts): RegistryActivities {
  const { registry } = parts;
  const inputs = REGISTRY_INPUTS;
  return {
    registerDevice: (input) =>
      translated(STEP_FAULT.registerDevice, async () =>
        register(parts, fitInput(inputs.registerDevice, input)),
      ),
    recordFailure: booked(inputs.recordFailure, (input) => record(parts, input)),
    recordDecision: booked(inputs.recordDecision, async (input) => {
      await mustComeFrom(parts.work, unitWorkflowId(input.serial));
      await registry.recordDecision(input);
    }),
    recordBatchDecision: booked(inputs.recordBatchDecision, async ({ batchId, decision }) => {
      await mustComeFromBatch(parts.work, batchId);
      await registry.recordBatchDecision(batchId, decision);
    }),
    recordRefusal: booked(inputs.recordRefusal, (input) => recordRefusal(parts, input)),
    recordTermination: booked(inputs.recordTermination, (input) => recordTermination(parts, input)),
    recordRejectedBoard: booked(inputs.recordRejectedBoard, async (input) => {
      await mustComeFrom(parts.work, rejectedBoardWorkflowId(input));
      await registry.recordRejectedBoard(input);
    }),
    recallUnit: booked(inputs.recallUnit, (input) => recall(parts, input)),
    loadChunk: booked(inputs.loadChunk, (input) => load(parts, input)),
    releaseAttempt: booked(inputs.releaseAttempt, (input) => releaseAttempt(parts, input)),
    openSupplement: booked(inputs.openSupplement, (input) => openSupplement(parts, input)),
    neverBegun: booked(inputs.neverBegun, (input) => neverBegun(parts, input)),
    freeUnits: booked(inputs.freeUnits, (input) => free(parts, input)),
    judgeCertificates: booked(inputs.judgeCertificates, (input) => judge(parts, input)),
    openRework: booked(inputs.openRework, async (input) => {
      await mustComeFrom(parts.work, reworkWorkflowId(input.reworkId));
      checkRework(input, [parts.intake.verifier, ...parts.intakes()]);
      if ((await registry.rework(input.reworkId)) === undefined) mustBeFresh(input, new Date());
      return await registry.openRework(input);
    }),
    refuseRework: booked(inputs.refuseRework, async (input) => {
      await mustComeFrom(parts.work, reworkWorkflowId(input.reworkId));
      await registry.refuseRework(input);
    }),
    recordWipe: booked(inputs.recordWipe, async (input) => {
      await mustComeFrom(parts.work, unitWorkflowId(input.unit.serial));
      await registry.recordWipe(input);
    }),
    recordReworkFailure: booked(inputs.recordReworkFailure, async (input) => {
      await mustComeFrom(parts.work, unitWorkflowId(input.unit.serial));
      await noteSigned(parts, input.unit, input.boardCertificate);
      await registry.recordReworkFailure(input);
    }),
    endReworkUnit: booked(inputs.endReworkUnit, async (input) => {
      await mustComeFromUnitOrRework(parts, input);
      await noteSigned(parts, input.unit, input.boardCertificate);
      return await registry.endReworkUnit(input);
    }),
    recallReworkUnit: booked(inputs.recallReworkUnit, async (input) => {
      await mustComeFromUnitOrRework(parts, input);
      return await recallRework(registry, input);
    }),
    rewriteResult: booked(inputs.rewriteResult, async ({ batchId }) => {
      await mustComeFromOrchestrator(parts.work);
      await rewriteAnswers(registry, parts.inbox, batchId);
    }),
    closeBatch: booked(inputs.closeBatch, (input) => close(parts, input)),
  };
}

/** Bookkeeping: its input is checked; it may take long, and is tried until it works. */
function booked<T, R>(schema: InputSchema<T>, run: (input: T) => Promise<R>): (input: T) => Promise<R> {
  return (input) =>
    translated(
      'REGISTRY_FAULT',
      () => withHeartbeat(async () => await run(fitInput(schema, input))),
      'endless',
    );
}

async function register(parts: RegistryParts, input: RegisterDeviceInput): Promise<void> {
  const known = await mustBeProven(input, parts);
  const product = parts.products.find(({ name }) => name === input.unit.product);
  const signerLog = await sightOf(input, parts);
  const { serial } = input.unit;
  // Its certificate may have given way to that of the next attempt. Only a unit that was reset asks the signer, and takes it up.
  const provenAttempt = input.verified.pass?.attempt ?? 0;
  if (provenAttempt < known.releasedAttempt) await mustComeFrom(parts.work, unitWorkflowId(serial));
  const isKnown = input.rework === undefined && known.outcome === 'PASS';
  try {
    await parts.registry.registerUnit({
      ...registrationOf(input, product?.registries),
      ...(signerLog && { signerLog }),
    });
  } catch (error) {
    if (error instanceof RegistryError && error.reason === 'forked')
      Context.current().log.error('alarm: the signer works on an old copy of its ledger', { error });
    throw error;
  }
  if (!isKnown) parts.ends.unit(endOfPass(input));
}

function registrationOf(
  { unit, claim, signed, spkiSha256, startedAt, verified, steps, rework }: RegisterDeviceInput,
  registries: readonly string[] | undefined,
): Registration {
  const { batchId, serial, attempt } = unit;
  return {
    batchId,
    serial,
    attempt,
    ...claim,
    ...certificateIn(signed, spkiSha256),
    startedAt,
    verifiedAt: verified.verifiedAt,
    ...(verified.pass && { provenAttempt: verified.pass.attempt }),
    evidence: { readback: verified.evidence, pass: verified.pass, ...(steps && { steps }) },
    ...rework,
    ...(registries !== undefined && { registries }),
  };
}

async function record(parts: RegistryParts, input: RecordFailureInput): Promise<SignedEnd> {
  const { registry, ends } = parts;
  const { unit, claim, step, code, message, reason, startedAt, outcome, decision, spkiSha256 } = input;
  const { batchId, serial, attempt } = unit;
  await mustComeFrom(parts.work, unitWorkflowId(serial));
  if (outcome === 'FAIL') await mustHaveWaited(registry, unit);
  await noteSigned(parts, unit, input.boardCertificate);
  const failure: AttemptFailure = {
    batchId,
    serial,
    attempt,
    step,
    code,
    ...(message !== undefined && { message }),
    ...(reason !== undefined && { reason }),
    ...(decision !== undefined && { decision }),
    ...claim,
    ...(startedAt !== undefined && { startedAt }),
  };
  if (outcome === undefined) {
    await registry.recordAttention(failure);
    return {};
  }
  const isKnown = (await registry.unit(serial))?.outcome === outcome;
  await registry.recordOutcome({ ...failure, outcome });
  if (!isKnown) {
    const seconds = startedAt !== undefined && { seconds: secondsBetween(Date.parse(startedAt), Date.now()) };
    ends.unit({ batchId, serial, outcome, attempt, code, step, ...claim, ...seconds });
  }
  return await signedEnd(parts, { batchId, serial, spkiSha256 });
}

/** The word of this intake that the unit ended without a pass, if so it did, as is recorded now. */
async function signedEnd(parts: RegistryParts, of: EndedKeyOfUnit): Promise<SignedEnd> {
  const unit = await parts.registry.unit(of.serial);
  return unit?.batchId === of.batchId ? endWordOf(parts, unit.outcome, of) : {};
}

interface EndedKeyOfUnit {
  readonly batchId: string;
  readonly serial: string;
  readonly spkiSha256: string | undefined;
}

function endWordOf(
  { intake }: Pick<RegistryParts, 'intake'>,
  outcome: Outcome | undefined,
  { batchId, serial, spkiSha256 }: EndedKeyOfUnit,
): SignedEnd {
  if (outcome === undefined || outcome === 'PASS' || spkiSha256 === undefined) return {};
  return {
    ended: { spkiSha256, signature: signEnded({ batchId, serial, spkiSha256 }, intake.privateKey) },
  };
}

/** Only a unit that has begun, and waited for the decision, can be bad. */
async function mustHaveWaited(registry: Registry, { serial, attempt }: AttemptId): Promise<void> {
  const unit = await registry.unit(serial);
  if (unit?.attempts.some((known) => known.attempt === attempt)) return;
  const message = `Unit ${serial}: attempt ${attempt} has not begun, so it cannot have failed.`;
  throw new RegistryError('not-active', message);
}

async function recordRefusal(
  { registry, work }: RegistryParts,
  { batchId, units, code }: RecordRefusalInput,
): Promise<void> {
  await mustComeFromBatch(work, batchId);
  const step = 'signCertificate';
  for (const { serial, attempt: before = 0 } of units)
    await registry.recordAttention({ batchId, serial, attempt: before + 1, step, code });
}

async function recordTermination(parts: RegistryParts, input: RecordTerminationInput): Promise<EndedUnit> {
  const ended = await endOfTerminated(parts, input);
  const { batchId, serial, certificate } = input;
  const spkiSha256 = certificate?.spkiSha256;
  return { ...ended, ...(await signedEnd(parts, { batchId, serial, spkiSha256 })) };
}

async function endOfTerminated(
  parts: RegistryParts,
  { batchId, serial, certificate }: RecordTerminationInput,
): Promise<EndedUnit> {
  const { registry, work, ends } = parts;
  await mustComeFromBatch(work, batchId);
  await noteSigned(parts, { batchId, serial }, boardCertificateOf(certificate));
  const unit = await registry.unit(serial);
  const attempt = Math.max(unit?.lastAttempt ?? 1, certificate?.attempt ?? 0);
  if (unit?.outcome !== undefined) return { outcome: unit.outcome, attempt };
  if (await work.unitRuns(serial))
    throw new RegistryError('still-running', `Unit ${serial} was not terminated: its workflow runs.`);
  const known = certificate?.attempt === attempt && boardOfTerminated(certificate);
  const step = unit?.step ?? (known ? 'flashCredentials' : 'generateKeypair');
  const outcome = 'ERROR';
  const code = 'UNIT_TERMINATED';
  try {
    await registry.recordOutcome({ batchId, serial, attempt, step, code, outcome, ...known });
    ends.unit({ batchId, serial, outcome, attempt, code, step });
    return { outcome, attempt };
  } catch (error) {
    // Its registration was under way, and came first.
    if ((await registry.unit(serial))?.outcome !== 'PASS') throw error;
    return { outcome: 'PASS', attempt };
  }
}

/** Absent where the signer did not say it, as one of an earlier version does. */
function boardCertificateOf({ boardId, certificate }: Partial<UnfinishedCertificate> = {}):
  BoardCertificate | undefined {
  return boardId === undefined || certificate === undefined ? undefined : { boardId, certificate };
}

/** The board whose certificate is revoked, of a unit that was terminated after its certificate was signed. */
function boardOfTerminated({
  boardId,
  stationId,
}: UnfinishedCertificate): Pick<AttemptFailure, 'boardId' | 'message'> {
  if (boardId === undefined) return {};
  const where = stationId === undefined ? '' : ` at ${stationId}`;
  const message = `The unit was terminated in Temporal after board ${boardId}${where} got its certificate, which is revoked: if the tile said PASS, take that board back from the good tray.`;
  return { boardId, message };
}

async function recall(
  parts: RegistryParts,
  { batchId, serial, endedKey: spkiSha256, boardCertificate }: RecallUnitInput,
): Promise<RecalledUnit> {
  const unit = await parts.registry.unit(serial);
  // A unit of another batch is not one of this one.
  if (unit?.batchId !== batchId) return { attempt: 0 };
  await noteSigned(parts, unit, boardCertificate);
  return { ...recalled(unit), ...endWordOf(parts, unit.outcome, { batchId, serial, spkiSha256 }) };
}

/** The unit passed before its rework: that is no outcome of a rework that has not ended. */
async function recallRework(
  registry: Registry,
  { reworkId, unit: { serial } }: ReworkOfUnit,
): Promise<RecalledRework> {
  const unit = await registry.unit(serial);
  const rework = unit?.reworks.find((each) => each.reworkId === reworkId);
  if (unit === undefined || rework === undefined)
    throw new RegistryError('unknown-unit', `The unit ${serial} is not in the rework ${reworkId}.`);
  const { outcome, ...rest } = recalled(unit);
  const { result } = rework;
  return { ...rest, ...(result !== undefined && { result, ...(outcome && { outcome }) }) };
}

function recalled({ outcome, code, attempts, certificates, releasedAttempt }: UnitRecord): RecalledUnit {
  const active = certificates.find(({ state }) => state === 'active');
  return {
    attempt: attempts.at(-1)?.attempt ?? 0,
    ...(releasedAttempt > 0 && { released: releasedAttempt }),
    ...(outcome !== undefined && { outcome }),
    ...(isFailureCode(code) && { code }),
    ...(active && { fingerprint: active.certificateSha256, spkiSha256: active.spkiSha256 }),
  };
}

/** The units of a chunk; those that have not ended are signed for, since their manifest was accepted here. */
async function load(parts: RegistryParts, input: LoadChunkInput): Promise<LoadedChunk> {
  const { registry, intake } = parts;
  const { batchId, chunk, supplement } = input;
  const rows = await registry.chunkRows(batchId, chunk, CHUNK_SIZE, supplement);
  const batch = await registry.batch(batchId);
  if (batch === undefined) return { rows };
  const { order, manifestSha256, quantity } = batch;
  const seen = await seenLogs(parts);
  const terms = { batchId, order, manifestSha256, quantity, ...(seen && { seen }) };
  const units = rows.filter(({ outcome }) => outcome === undefined);
  const signed =
    supplement === undefined
      ? signRelease({ ...terms, units }, intake.privateKey)
      : signFurther(
          { ...terms, run: runIdOf(batchId, supplement), units: units.map(lastAttempt) },
          intake.privateKey,
        );
  return { rows, signed, ...(seen && { seen }) };
}

function lastAttempt({ attempt = 0, ...unit }: ChunkRow): UnitRow & { readonly attempt: number } {
  return { ...unit, attempt };
}

/**
 * Attempts that may be asked for after the last one that is recorded, one after the other: some come to nothing, as where a unit was
 * terminated. Anybody who takes tasks of the orchestrators could ask for more, until no other attempt can follow.
 */
const MOST_ASKED_FOR = 100;

/** A further attempt follows one that is recorded, at a unit that has not ended or is in a rework. Throws REGISTRY_CONFLICT. */
async function releaseAttempt(
  { registry, intake, work }: RegistryParts,
  { unit }: ReleaseAttemptInput,
): Promise<AttemptRelease> {
  const { batchId, serial, attempt } = unit;
  await mustComeFrom(work, unitWorkflowId(serial));
  const known = await registry.unit(serial);
  const rework = known?.reworks.find(({ isOpen }) => isOpen);
  const order = rework?.order ?? known?.order;
  const isSame = known?.batchId === batchId && known.serial === serial && order === unit.order;
  const isListed = isSame && known.product === unit.product && known.boardId === unit.boardId;
  // A unit that was reset skips the attempt that may be under way; a rework that was given up has used one.
  const last = (known?.lastAttempt ?? 0) + (known?.reworks.length ?? 0);
  // The signer permits none that comes before one that it was asked for, also where that came to nothing.
  const most = Math.max(last + 2, Math.min((known?.releasedAttempt ?? 0) + 1, last + MOST_ASKED_FOR));
  const isOpen = known?.outcome === undefined || rework !== undefined;
  if (!isListed || !isOpen || attempt > most) {
    const message = `Unit ${serial}: attempt ${attempt} is not the next one of an open unit of batch ${batchId}.`;
    throw new RegistryError('not-active', message);
  }
  await registry.recordRelease({ batchId, serial, attempt });
  const at = new Date().toISOString();
  return { signature: signAttempt(unit, intake.privateKey, at), at };
}

async function judge(
  parts: RegistryParts,
  { batchId, certificates, isOver = false, supplement }: JudgeCertificatesInput,
): Promise<JudgedCertificates> {
  const { registry } = parts;
  const judged = { passed: [] as ReportedPass[], ended: [] as (UnfinishedCertificate & SignedEnd)[] };
  for (const certificate of certificates) {
    const unit = await registry.unit(certificate.serial);
    if (unit?.batchId !== batchId) continue;
    const mustHaveEnded = isOver && unit.supplement === supplement;
    const outcome = unit.outcome ?? (mustHaveEnded ? await terminated(parts, unit, certificate) : undefined);
    if (outcome === undefined) continue;
    const isRegistered = unit.certificates.some(
      ({ state, spkiSha256 }) => state === 'active' && spkiSha256 === certificate.spkiSha256,
    );
    if (outcome !== 'PASS') {
      const { certificate: _der, ...named } = certificate;
      const { serial, spkiSha256 } = named;
      await noteSigned(parts, unit, boardCertificateOf(certificate));
      judged.ended.push({ ...named, ...endWordOf(parts, outcome, { batchId, serial, spkiSha256 }) });
    }
    if (outcome === 'PASS' && isRegistered)
      judged.passed.push({ requestId: certificate.requestId, ...passOf(unit) });
  }
  return judged;
}

async function terminated(
  parts: RegistryParts,
  { batchId, serial }: UnitRecord,
  certificate: UnfinishedCertificate,
): Promise<Outcome> {
  return (await recordTermination(parts, { batchId, serial, certificate })).outcome;
}

/** The pass that was recorded with the unit; none of a unit that an earlier version registered. */
function passOf({ evidence }: UnitRecord): { readonly pass?: SignedPass } {
  const pass = evidence.findLast(({ kind }) => kind === 'pass')?.body as SignedPass | undefined;
  return pass === undefined ? {} : { pass };
}

async function openSupplement(
  { registry, work }: RegistryParts,
  input: OpenSupplementInput,
): Promise<number> {
  await mustComeFromBatch(work, runIdOf(input.batchId, input.number));
  return (await registry.openSupplement(input)).quantity;
}

/** Units in a page: their serials stay below 200 kB, and a batch of a million has 500 pages. */
const UNBEGUN_PAGE = 2_000;

async function neverBegun(
  { registry, intake, work }: RegistryParts,
  { batchId, after }: NeverBegunInput,
): Promise<NeverBegunUnits> {
  await mustComeFromBatch(work, batchId);
  const units = await registry.neverBegun(batchId, after, UNBEGUN_PAGE);
  const last = units.length === UNBEGUN_PAGE ? units.at(-1) : undefined;
  const serials = units.map(({ serial }) => serial);
  const { length: supplements } = await registry.supplements(batchId);
  const signed = signReturn({ batchId, serials, supplements }, intake.privateKey);
  return { serials, supplements, signed, ...(last && { next: last.row }) };
}

/** Nobody else may take serials from a batch. */
async function free({ registry, work }: RegistryParts, { batchId, serials }: FreeUnitsInput): Promise<void> {
  await mustComeFromBatch(work, batchId);
  await registry.freeUnits(batchId, serials);
}

/** The result is written beside the manifest before the run of the batch is recorded as closed; then its report and last status. */
async function close(
  { registry, deviceRegistries, inbox, work, ends }: RegistryParts,
  { batchId, cancelled, recovered = false, closed = false, supplement }: CloseBatchInput,
): Promise<UnitCounts> {
  await mustComeFromBatch(work, batchId);
  const open = await registry.openUnits(batchId, supplement);
  if (open > 0 && (await isUnderWay({ registry, work }, { batchId, supplement }))) {
    const run = runIdOf(batchId, supplement);
    throw new RegistryError('still-running', `Batch ${run} is not closed: units of it are under way.`);
  }
  // Units without an end are on HOLD if a person ended the batch; otherwise they lost their chunk.
  const end = endOfOpenUnits(closed && !cancelled, recovered, cancelled);
  await registry.endOpenUnits(batchId, end.outcome, end.code, supplement);
  if (open > 0) ends.units({ batchId, ...end, units: open });
  await untilSentOut(registry.outbox, deviceRegistries, batchId);
  const { batch } = await registry.batchSummary(batchId);
  const files = await filesOf(registry, inbox, batch);
  const { changes } = await writeBatchResult(registry, batch, files.result);
  await registry.closeBatch(batchId, supplement);
  const { batch: closedBatch } = await registry.batchSummary(batchId);
  await writeReportBeside(registry, closedBatch, files);
  await writeStatus(registry, files, closedBatch);
  // That it closed is one change more.
  await registry.noteAnswers(batchId, changes + 1);
  const { passed, failed, errors, held } = await registry.batchSummary(batchId, supplement);
  return { passed, failed, errors, held };
}

/** Whether a chunk or a unit of the run is under way. The other runs of the batch have chunks and units of their own. */
async function isUnderWay(
  { registry, work }: Pick<RegistryParts, 'registry' | 'work'>,
  run: RunOfBatch,
): Promise<boolean> {
  for await (const each of work.running(run.batchId)) if (await isWorkOfRun(registry, each, run)) return true;
  return false;
}

/** How units end that have not ended when their batch does. */
function endOfOpenUnits(
  isClosed: boolean,
  isRecovered: boolean,
  isCancelled: boolean,
): { readonly outcome: 'HOLD' | 'ERROR'; readonly code: string } {
  if (isClosed) return { outcome: 'HOLD', code: 'CLOSED_SHORT' };
  if (isRecovered) return { outcome: 'HOLD', code: 'BATCH_CLOSED' };
  if (isCancelled) return { outcome: 'HOLD', code: 'CANCELLED' };
  return { outcome: 'ERROR', code: 'CHUNK_LOST' };
}

/** A unit whose workflow was terminated is spoken for by its rework. */
async function mustComeFromUnitOrRework(
  { work }: RegistryParts,
  { reworkId, unit: { serial } }: ReworkOfUnit,
): Promise<void> {
  const ofRework = reworkWorkflowId(reworkId);
  const isRework = Context.current().info.workflowExecution?.workflowId === ofRework;
  await mustComeFrom(work, isRework ? ofRework : unitWorkflowId(serial));
}
