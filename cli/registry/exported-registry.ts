import { createHash } from 'node:crypto';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { isRegistrySigned } from '../../pki/signing/registry-statement.ts';
import type { BatchRecord, CertifiedUnit } from '../../registry/registry.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { DossierUnit } from '../../reports/dossier/dossier.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenLines } from '../given-lines.ts';
import type { Wanted } from '../given-file.ts';
import { exportedLine } from './exported-line.ts';
import type { ExportedLine, ExportedUnit } from './exported-line.ts';

/** What reconciliation and dossiers read of a registry. */
export interface ExportedRegistry {
  readonly exportedAt: string;
  listBatches(): Promise<BatchRecord[]>;
  certifiedUnits(batchId: string): AsyncIterable<CertifiedUnit>;
  batchDecisions(batchId: string): Promise<readonly Decision[]>;
  /** Throws `auditBroken` where an earlier version wrote the export. */
  dossierUnits(batchId: string): AsyncIterable<DossierUnit>;
}

/**
 * The registry in a file that `registry export` wrote on another host, whole and signed by an intake that the signer
 * accepts. Throws `unknown` for a file that cannot be read, `auditBroken` for one that was cut, changed, or signed by nobody known.
 */
export async function openExportedRegistry(
  path: string,
  intakes: readonly NoteVerifier[],
): Promise<ExportedRegistry> {
  const hash = createHash('sha256');
  const found = { batches: 0, units: 0, certificates: 0 };
  const batches: BatchRecord[] = [];
  const decisions = new Map<string, readonly Decision[]>();
  /** Where the units of a batch begin. */
  const starts = new Map<string, number>();
  let offset = 0;
  let last: ExportedLine | undefined;
  for await (const text of linesOf(path)) {
    if (last !== undefined) throw broken(path, 'has more behind its end');
    const line = parsed(text, path);
    offset += Buffer.byteLength(text) + 1;
    if ('end' in line) {
      last = line;
      continue;
    }
    hash.update(`${text}\n`);
    if ('batch' in line) {
      found.batches += 1;
      batches.push(line.batch);
      decisions.set(line.batch.batchId, line.decisions ?? []);
      starts.set(line.batch.batchId, offset);
    } else {
      found.units += 1;
      found.certificates += line.unit.certificates.length;
    }
  }
  if (last === undefined || !('end' in last)) throw broken(path, 'has no end');
  const { end, signature } = last;
  const isWhole =
    end.batches === found.batches && end.units === found.units && end.certificates === found.certificates;
  if (!isWhole || end.sha256 !== hash.digest('hex')) throw broken(path, 'was changed after it was written');
  if (!isRegistrySigned(end, signature, intakes))
    throw broken(path, 'is not signed by an intake that is admitted here');
  return {
    exportedAt: end.exportedAt,
    listBatches: async () => batches,
    certifiedUnits: (batchId) => unitsFrom(path, starts.get(batchId) ?? offset),
    batchDecisions: async (batchId) => decisions.get(batchId) ?? [],
    dossierUnits: (batchId) => dossiersIn(path, unitsFrom(path, starts.get(batchId) ?? offset)),
  };
}

async function* dossiersIn(path: string, units: AsyncIterable<ExportedUnit>): AsyncGenerator<DossierUnit> {
  for await (const { dossier } of units) {
    if (dossier === undefined) throw broken(path, 'was written by an earlier version');
    yield dossier;
  }
}

async function* unitsFrom(path: string, start: number): AsyncGenerator<ExportedUnit> {
  for await (const text of linesOf(path, start)) {
    const line = parsed(text, path);
    if (!('unit' in line)) return;
    yield line.unit;
  }
}

/** A unit with a hundred attempts is a hundredth of this. */
const EXPORT: Wanted = { content: 'a file of "certline registry export"', maxBytes: 16 * 2 ** 20 };

function linesOf(path: string, start = 0): AsyncIterable<string> {
  return readGivenLines(path, EXPORT, start);
}

function parsed(text: string, path: string): ExportedLine {
  const line = exportedLine(text);
  if (line !== undefined) return line;
  throw broken(path, 'has a text line that is not of an export');
}

function broken(path: string, what: string): CommandError {
  const cure = 'export it again with "certline registry export" at the orchestrator';
  return new CommandError('auditBroken', `The file ${path} ${what}: ${cure}.`);
}
