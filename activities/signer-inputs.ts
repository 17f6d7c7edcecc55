import { z } from 'zod';
import { CHUNK_SIZE } from '../provisioning/batch.ts';
import {
  anyAttempt,
  claim,
  count,
  der,
  digest,
  id,
  list,
  pass,
  permit,
  permitTerms,
  rework,
  rows,
  sentence,
  serial,
  serials,
  time,
  unitAttempt,
} from './input-parts.ts';

/** What the registry has seen of the logs of signers: one for each signer of the factory. */
const seen = list(z.strictObject({ log: id, size: count, hash: digest }), 100).exactOptional();

const release = {
  batchId: id,
  order: id,
  manifestSha256: digest,
  quantity: count,
  signed: digest.exactOptional(),
  seen,
};

const said = { reason: sentence.exactOptional(), by: id.exactOptional() };

const endWord = z.strictObject({ spkiSha256: digest, signature: digest });

/** What each activity of the signer takes. */
export const SIGNER_INPUTS = {
  signCertificate: z.strictObject({
    requestId: id,
    unit: unitAttempt,
    claim,
    csr: der,
    spkiSha256: digest,
    signed: z.strictObject({ at: id, signature: digest }).exactOptional(),
    permit: permit.exactOptional(),
  }),
  activateCertificates: z.union([
    z.strictObject({
      passes: list(z.strictObject({ requestId: id, pass: pass.exactOptional() }), CHUNK_SIZE),
    }),
    z.strictObject({ requestIds: list(id, CHUNK_SIZE) }),
  ]),
  unfinishedCertificates: z.strictObject({
    batchId: id,
    serial: serial.exactOptional(),
    after: count.exactOptional(),
    withCertificates: z.literal(true).exactOptional(),
  }),
  revokeCertificate: z.strictObject({ unit: anyAttempt, reason: sentence, ended: endWord.exactOptional() }),
  releaseUnits: z.strictObject({ ...release, units: rows }),
  releaseAttempts: z.strictObject({
    ...release,
    run: id,
    units: list(
      z.strictObject({ serial, product: id, boardId: id.exactOptional(), attempt: count }),
      CHUNK_SIZE,
    ),
    ...said,
  }),
  permitAttempt: z.strictObject({
    unit: permitTerms,
    release: z.strictObject({ signature: digest, at: time.exactOptional() }),
  }),
  recallCertificate: z.strictObject({ batchId: id, serial }),
  returnUnits: z.strictObject({
    batchId: id,
    serials,
    supplements: count.exactOptional(),
    signed: digest.exactOptional(),
    ...said,
  }),
  releaseRework: z.strictObject({
    ...rework,
    units: list(z.strictObject({ serial, product: id, order: id }), CHUNK_SIZE),
  }),
  endRework: z.strictObject({ reworkId: id, serial, attempt: count.min(1), revokesActive: z.boolean() }),
  askOrder: z.strictObject({
    batchId: id,
    order: id,
    manifestSha256: digest,
    quantity: count,
    products: list(id, 1_000),
    open: list(z.strictObject({ batchId: id, quantity: count }), 10_000),
    units: list(z.strictObject({ serial, product: id }), 10_000),
  }),
};
