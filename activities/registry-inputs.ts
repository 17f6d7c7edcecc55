import { z } from 'zod';
import { REASON_MAX } from '../provisioning/messages.ts';
import { printable } from '../provisioning/printable.ts';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import {
  anyAttempt,
  boardCertificate,
  claim,
  count,
  decision,
  der,
  digest,
  failureCode,
  id,
  list,
  pass,
  permitTerms,
  rework,
  rows,
  sentence,
  serial,
  serials,
  step,
  time,
  unfinishedCertificate,
  unitAttempt,
} from './input-parts.ts';

const ofUnit = { reworkId: id, unit: anyAttempt };
const batch = { batchId: id, supplement: count.min(1).exactOptional() };
const unit = z.strictObject({ batchId: id, serial });

/** Boards and strangers have a say in it; it is shown in terminals, tables and reports. */
const told = sentence.transform(printable);

const failure = {
  step,
  code: failureCode,
  message: told.exactOptional(),
  claim: claim.exactOptional(),
  startedAt: time.exactOptional(),
};

/**
 * Earlier versions passed on whatever a decision brought as its reason, and a unit that waits for this must not wait without
 * end.
 */
function textOf(reason: unknown): string {
  const text = typeof reason === 'string' ? reason : JSON.stringify(reason);
  return text.slice(0, REASON_MAX);
}

const endedOutcome = z.enum(['FAIL', 'ERROR', 'HOLD']);

const evidence = z
  .record(id, z.union([sentence, z.number()]))
  .refine((facts) => Object.keys(facts).length <= 50);

/** Serials and codes that one command can name; see the message `rerunFailed`. */
const choice = z.strictObject({
  serials: list(id, 10_000).exactOptional(),
  codes: list(id, 200).exactOptional(),
  scrapped: z.boolean().exactOptional(),
});

/** What each activity of the registry takes. */
export const REGISTRY_INPUTS = {
  registerDevice: z.strictObject({
    unit: unitAttempt,
    claim,
    signed: z.strictObject({
      certificate: der,
      certificateSerial: digest,
      fingerprint: digest,
      notBefore: id,
      notAfter: id,
      checkpoint: sentence.exactOptional(),
    }),
    spkiSha256: digest,
    startedAt: time,
    verified: z.strictObject({ verifiedAt: time, evidence, pass: pass.exactOptional() }),
    rework: z.strictObject({ reworkId: id, supersedesAttempt: count }).exactOptional(),
    steps: z.partialRecord(step, time).exactOptional(),
  }),
  recordFailure: z
    .strictObject({
      unit: unitAttempt,
      ...failure,
      outcome: endedOutcome.exactOptional(),
      reason: z.unknown().optional(),
      decision: decision.exactOptional(),
      spkiSha256: digest.exactOptional(),
      boardCertificate: boardCertificate.exactOptional(),
    })
    .transform(({ reason, ...rest }) => ({
      ...rest,
      ...(reason !== undefined && { reason: textOf(reason) }),
    })),
  recordDecision: z.strictObject({ batchId: id, serial, attempt: count, decision }),
  recordBatchDecision: z.strictObject({ batchId: id, decision }),
  recordRefusal: z.strictObject({ batchId: id, units: rows, code: failureCode }),
  recordTermination: unit.extend({ certificate: unfinishedCertificate.exactOptional() }),
  recordRejectedBoard: z.strictObject({
    stationId: id,
    socket: id,
    boardId: id.exactOptional(),
    code: failureCode,
    message: told.exactOptional(),
    serial: serial.exactOptional(),
    seenAt: time,
  }),
  recallUnit: unit.extend({
    endedKey: digest.exactOptional(),
    boardCertificate: boardCertificate.exactOptional(),
  }),
  loadChunk: z.strictObject({ ...batch, chunk: count.min(1) }),
  releaseAttempt: z.strictObject({ unit: permitTerms }),
  openSupplement: z.strictObject({ batchId: id, number: count.min(1), choice, decision }),
  judgeCertificates: z.strictObject({
    ...batch,
    certificates: list(unfinishedCertificate, CHUNK_SIZE),
    isOver: z.boolean().exactOptional(),
  }),
  openRework: z.strictObject(rework),
  refuseRework: z.strictObject({ reworkId: id, code: failureCode, message: told }),
  recordWipe: z.strictObject(ofUnit),
  recordReworkFailure: z.strictObject({
    ...ofUnit,
    failure: z.strictObject(failure),
    boardCertificate: boardCertificate.exactOptional(),
  }),
  endReworkUnit: z.strictObject({
    ...ofUnit,
    result: z.enum(['done', 'kept', 'ended']),
    outcome: z.strictObject({ outcome: endedOutcome, code: failureCode }).exactOptional(),
    failure: z.strictObject(failure).exactOptional(),
    decision: decision.exactOptional(),
    boardCertificate: boardCertificate.exactOptional(),
  }),
  recallReworkUnit: z.strictObject(ofUnit),
  rewriteResult: z.strictObject({ batchId: id }),
  neverBegun: z.strictObject({ batchId: id, after: count }),
  freeUnits: z.strictObject({ batchId: id, serials }),
  closeBatch: z.strictObject({
    ...batch,
    cancelled: z.boolean(),
    recovered: z.boolean().exactOptional(),
    closed: z.boolean().exactOptional(),
  }),
};
