import { z } from 'zod';
import type { RegistryStatement } from '../../pki/signing/registry-statement.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { BatchRecord, CertifiedUnit } from '../../registry/registry.ts';
import { DOSSIER_UNIT } from '../../reports/dossier/dossier-schema.ts';
import type { DossierUnit } from '../../reports/dossier/dossier.ts';

/** A text line of an export. */
export type ExportedLine =
  | { readonly batch: BatchRecord; readonly decisions?: readonly Decision[] }
  | { readonly unit: ExportedUnit }
  | { readonly end: RegistryStatement; readonly signature: string };

/** What the dossier of its lot says of a unit is absent in the export of an earlier version. */
export interface ExportedUnit extends CertifiedUnit {
  readonly dossier?: DossierUnit;
}

const text = z.string();
const count = z.int().min(0);

const batch: z.ZodType<BatchRecord> = z.object({
  // Files are called after it.
  batchId: text.regex(/^[\w-]+$/),
  order: text,
  manifest: text,
  manifestSha256: text,
  quantity: count,
  priority: count.exactOptional(),
  state: z.enum(['open', 'closed']),
  importedAt: text,
  startedAt: text.exactOptional(),
  closedAt: text.exactOptional(),
  resultVersion: count.exactOptional(),
});

const decision: z.ZodType<Decision> = z.object({
  verdict: text,
  detail: text.exactOptional(),
  reason: text.exactOptional(),
  by: text.exactOptional(),
  decidedAt: text,
  supplement: count.exactOptional(),
});

const certificate = z.object({
  certificateSha256: text,
  state: z.enum(['active', 'superseded', 'revoked']),
});

const line: z.ZodType<ExportedLine> = z.union([
  z.object({ batch, decisions: z.array(decision).exactOptional() }),
  z.object({
    unit: z.object({
      serial: text,
      certificates: z.array(certificate),
      dossier: DOSSIER_UNIT.exactOptional(),
    }),
  }),
  z.object({
    end: z.object({ batches: count, units: count, certificates: count, sha256: text, exportedAt: text }),
    signature: text,
  }),
]);

/** A text line of an export; undefined for any other. What has no name here is left out. */
export function exportedLine(written: string): ExportedLine | undefined {
  try {
    return line.safeParse(JSON.parse(written)).data;
  } catch {
    return undefined;
  }
}
