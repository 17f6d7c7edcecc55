import { z } from 'zod';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import { isFailureCode } from '../provisioning/failure-table.ts';
import type { FailureCode } from '../provisioning/failure-table.ts';
import { isSerial } from '../provisioning/serial-number.ts';
import { STEPS } from '../provisioning/step.ts';

// Lengths are bounds and no rules: what a name must look like is checked where it is used.

/** Ids and names: of batches, orders, stations, sockets, boards, requests. */
export const id = z.string().min(1).max(200);
/** As it is written in a manifest: in other letters it would be the unit in the registry, and another workflow in Temporal. */
export const serial = z.string().max(64).refine(isSerial);
/** ISO 8601, in UTC, as every role writes it: times are compared as text. */
export const time = z.iso.datetime();
/** Digests in hex, and signatures in base64. */
export const digest = z.string().max(128);
/** Sentences, and what people wrote. */
export const sentence = z.string().max(4_000);
/** A certificate or a request, base64: a P-256 certificate has at most 1,024 octets. */
export const der = z.string().max(16_384);
export const count = z.int().nonnegative();

/** A list of at most so many. */
export function list<T extends z.ZodType>(item: T, most: number) {
  return z.array(item).max(most).readonly();
}

/** Serials that one page of bookkeeping names. */
export const serials = list(serial, 2_000);

export const failureCode = z.custom<FailureCode>(isFailureCode);
export const step = z.enum(STEPS);

export const attemptId = z.strictObject({ batchId: id, serial, attempt: count });

const attemptAtUnit = { batchId: id, order: id, serial, product: id, attempt: count };
export const unitAttempt = z.strictObject(attemptAtUnit);
export const permitTerms = z.strictObject({ ...attemptAtUnit, boardId: id.exactOptional() });

/** An attempt, whether its order and product are named or not. */
export const anyAttempt = z.union([unitAttempt, attemptId]);

export const claim = z.strictObject({ stationId: id, socket: id, boardId: id });
export const permit = z.strictObject({
  signature: digest,
  boardId: id.exactOptional(),
  replaces: list(digest, 50).exactOptional(),
  renews: digest.exactOptional(),
  madeAt: time.exactOptional(),
});

export const pass = z.strictObject({
  stationId: id,
  attempt: count,
  verifiedAt: time,
  proven: z.literal('read-back'),
  socket: id.exactOptional(),
  evidenceSha256: digest.exactOptional(),
  signature: digest,
});

export const decision = z.strictObject({
  verdict: id,
  detail: sentence.exactOptional(),
  reason: sentence.exactOptional(),
  by: id.exactOptional(),
  decidedAt: time,
  supplement: count.exactOptional(),
});

/** A row of a chunk as the registry gave it. */
export const row = z.strictObject({
  serial,
  product: id,
  boardId: id.exactOptional(),
  outcome: z.enum(['PASS', 'FAIL', 'ERROR', 'HOLD']).exactOptional(),
  isReused: z.literal(true).exactOptional(),
  attempt: count.exactOptional(),
});

export const rows = list(row, CHUNK_SIZE);

export const rework = {
  reworkId: id,
  kind: z.enum(['renew', 'rekey', 'swap', 'scrap']),
  reason: sentence,
  by: id,
  askedAt: time.exactOptional(),
  order: id.exactOptional(),
  serials: list(serial, CHUNK_SIZE),
  signed: digest,
};

export const unfinishedCertificate = z.strictObject({
  requestId: id,
  serial,
  attempt: count,
  spkiSha256: digest,
  boardId: id.exactOptional(),
  stationId: id.exactOptional(),
  certificate: der.exactOptional(),
});

export const boardCertificate = z.strictObject({ boardId: id, certificate: der });
