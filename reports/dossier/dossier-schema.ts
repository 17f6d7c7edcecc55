import { z } from 'zod';
import type { Dossier, DossierUnit } from './dossier.ts';

const text = z.string();
const texts = z.record(text, text);
/** Other numbers have no one form in canonical JSON. */
const count = z.int();

const attempt = z.object({
  attempt: count,
  cause: text,
  step: text,
  station: text.exactOptional(),
  socket: text.exactOptional(),
  board: text.exactOptional(),
  started: text.exactOptional(),
  finished: text.exactOptional(),
  code: text.exactOptional(),
  message: text.exactOptional(),
  readBack: texts.exactOptional(),
});

const certificate = z.object({
  serialNumber: text,
  sha256: text,
  keySha256: text,
  attempt: count,
  board: text,
  state: text,
  notBefore: text,
  notAfter: text,
  registered: text,
  ended: text.exactOptional(),
  reason: text.exactOptional(),
});

const decision = z.object({
  verdict: text,
  attempt: count.exactOptional(),
  detail: text.exactOptional(),
  reason: text.exactOptional(),
  by: text.exactOptional(),
  at: text,
});

/** A unit of a dossier, from a file that anybody may have written. What has no name here is left out. */
export const DOSSIER_UNIT: z.ZodType<DossierUnit> = z.object({
  serial: text,
  product: text,
  attributes: texts,
  outcome: text,
  code: text.exactOptional(),
  board: text.exactOptional(),
  firmware: text.exactOptional(),
  attempts: z.array(attempt),
  certificates: z.array(certificate),
  decisions: z.array(decision),
});

const DOSSIER: z.ZodType<Dossier> = z.object({
  format: z.literal('certline-dossier-v1'),
  batch: text,
  order: text,
  manifest: text,
  manifestSha256: text,
  accepted: text,
  closed: text,
  written: text,
  counts: z.object({ ordered: count, passed: count, failed: count, errors: count, held: count }),
  decisions: z.array(decision),
  units: z.array(DOSSIER_UNIT),
});

/** The file of a dossier. */
export const DOSSIER_FILE = z.object({ dossier: DOSSIER, signature: text, key: text });
