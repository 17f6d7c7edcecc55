import * as z from 'zod/mini';
import type { MessageCheck } from './message-schemas.ts';
import type { UnitReport } from '../provisioning/unit.ts';

// Anybody can take a task of a role and answer it. What is believed of an answer is signed, or checked by the role that uses it; here it
// is only what workflows read of it, so that none of them stops at one. Workers of another version may say more, or less.
// As in message-schemas.ts, schemas stay inside and functions go out.

const count = z.int().check(z.nonnegative());
const strings = z.array(z.string());
const outcome = z.enum(['PASS', 'FAIL', 'ERROR', 'HOLD']);

const permit = z.object({ signature: z.string() });
const keypair = z.object({
  stationId: z.string(),
  socket: z.string(),
  boardId: z.string(),
  csr: z.string(),
  spkiSha256: z.string(),
  startedAt: z.string(),
  requestId: z.exactOptional(z.string()),
});
const signed = z.object({
  certificate: z.string(),
  certificateSerial: z.string(),
  fingerprint: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
});
const verified = z.object({
  verifiedAt: z.string(),
  evidence: z.record(z.string(), z.unknown()),
  pass: z.exactOptional(z.object({ signature: z.string() })),
});
const issued = z.object({
  attempt: count,
  requestId: z.string(),
  spkiSha256: z.string(),
  boardId: z.string(),
  stationId: z.string(),
  signed,
});
const row = z.object({
  serial: z.string(),
  product: z.string(),
  boardId: z.exactOptional(z.string()),
  outcome: z.exactOptional(outcome),
  attempt: z.exactOptional(count),
});
const ended = z.exactOptional(z.object({ spkiSha256: z.string(), signature: z.string() }));
const recalled = z.object({
  attempt: count,
  released: z.exactOptional(count),
  outcome: z.exactOptional(outcome),
  ended,
});
const result = z.enum(['done', 'kept', 'ended']);
const certificate = z.object({
  requestId: z.string(),
  serial: z.string(),
  attempt: count,
  spkiSha256: z.string(),
});
const reworkUnit = z.object({
  serial: z.string(),
  product: z.string(),
  batchId: z.string(),
  order: z.string(),
  attempt: count,
  heldBoardId: z.string(),
  oldAttempt: count,
  oldFingerprint: z.string(),
  oldSpkiSha256: z.string(),
  oldCertificate: z.string(),
  result: z.exactOptional(result),
});

const ANSWERS: ReadonlyMap<string, z.ZodMiniType> = new Map<string, z.ZodMiniType>([
  ['generateKeypair', keypair],
  ['requestRenewal', keypair],
  ['signCertificate', signed],
  ['verifyReadback', verified],
  ['loadChunk', z.union([z.array(row), z.object({ rows: z.array(row) })])],
  // Earlier versions of the signer answered nothing.
  ['releaseUnits', z.nullish(z.object({ permits: z.exactOptional(z.array(permit)) }))],
  ['releaseAttempts', z.array(z.object({ serial: z.string(), attempt: count, hasCertificate: z.boolean() }))],
  ['recallProof', z.object({ socket: z.exactOptional(z.string()), verified: z.exactOptional(verified) })],
  ['recallCertificate', z.object({ issued: z.exactOptional(issued) })],
  ['releaseAttempt', z.object({ signature: z.string() })],
  ['permitAttempt', z.object({ attempt: count, permit })],
  ['activateCertificates', strings],
  ['unfinishedCertificates', z.object({ certificates: z.array(certificate), next: z.exactOptional(count) })],
  [
    'judgeCertificates',
    z.object({ passed: z.array(z.object({ requestId: z.string() })), ended: z.array(certificate) }),
  ],
  ['returnUnits', strings],
  ['recordTermination', z.object({ outcome, attempt: count, ended })],
  // Earlier versions of the registry answered nothing.
  ['recordFailure', z.nullish(z.object({ ended }))],
  ['recallUnit', recalled],
  ['recallReworkUnit', z.extend(recalled, { result: z.exactOptional(result) })],
  ['openSupplement', count],
  [
    'openRework',
    z.object({
      units: z.array(reworkUnit),
      refusals: z.array(z.object({ serial: z.string(), why: z.string() })),
    }),
  ],
  ['endReworkUnit', result],
  ['neverBegun', z.object({ serials: strings, next: z.exactOptional(count) })],
  ['closeBatch', z.nullish(z.object({ passed: count, failed: count, errors: count, held: count }))],
  ['drainOutbox', z.object({ isConfigured: z.boolean(), waiting: count, parked: count })],
]);

/** Whether an activity of this name can have answered so; what answers nothing is not looked at. */
export function isAnswer(activity: string, answer: unknown): boolean {
  return ANSWERS.get(activity)?.safeParse(answer).success ?? true;
}

const report = z.object({
  outcome,
  requestId: z.exactOptional(z.string()),
});

/** What the workflow of a unit says of its end. */
export const unitReportCheck: MessageCheck<Pick<UnitReport, 'outcome' | 'requestId'>> = (message) =>
  report.safeParse(message);
