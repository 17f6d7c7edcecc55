import type { NewBatch } from '../../../provisioning/batch-record.ts';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BatchRow, ImportResult, Registration } from '../../../registry/registry.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The path of a registry that is not there yet, in a folder of this test alone. */
export function registryPath(): string {
  return join(temporaryFolder(), 'registry.db');
}

/** A registry that is closed when the test is finished. */
export function openedRegistry(path: string = registryPath()): SqlRegistry {
  const registry = openRegistryFile(path);
  onTestFinished(() => registry.close());
  return registry;
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

export function serialsFrom(first: number, count: number): string[] {
  return Array.from({ length: count }, (_serial, at) => `CL-${String(first + at).padStart(6, '0')}`);
}

export async function* rowsOf(
  serials: readonly string[],
  boards: readonly string[] = [],
): AsyncGenerator<BatchRow> {
  for (const [at, serial] of serials.entries()) {
    const boardId = boards[at];
    yield { serial, product: 'node', attrs: { rev: 'B2' }, ...(boardId !== undefined && { boardId }) };
  }
}

export function newBatch(name: string, rows: number): NewBatch {
  return {
    batchId: `PO-${name}`,
    order: `PO-${name}`,
    manifest: `${name}.csv`,
    manifestSha256: sha256(name),
    quantity: rows,
  };
}

export async function imported(
  registry: SqlRegistry,
  name: string,
  serials: readonly string[],
  boards: readonly string[] = [],
): Promise<ImportResult> {
  return registry.importBatch(newBatch(name, serials.length), rowsOf(serials, boards));
}

/** A pass of `serial` in batch PO-1, with a certificate that depends on serial, attempt and `salt`. */
export function registration(serial: string, attempt = 1, salt = ''): Registration {
  const certificate = Buffer.from(`certificate of ${serial}, attempt ${attempt}${salt}`);
  return {
    batchId: 'PO-1',
    serial,
    attempt,
    boardId: sha256(`board of ${serial}`).slice(0, 16),
    stationId: 'station-1',
    socket: 'A1',
    certificate,
    certificateSerial: sha256(certificate).slice(0, 32),
    certificateSha256: sha256(certificate),
    spkiSha256: sha256(`key ${serial} ${attempt}${salt}`),
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '9999-12-31T23:59:59.000Z',
    startedAt: '2026-01-01T01:00:00.000Z',
    verifiedAt: '2026-01-01T01:00:05.000Z',
    evidence: { readBack: { bytes: 513 }, possession: 'signed' },
  };
}

/** The certificate of attempt 1 is replaced in a rework, which begins. */
export async function inRework(
  registry: SqlRegistry,
  serial: string,
): Promise<Pick<Registration, 'reworkId' | 'supersedesAttempt'>> {
  const reworkId = `RW-${serial}`;
  const said = { reason: 'why', by: 'who', signed: '' };
  await registry.openRework({ reworkId, kind: 'swap', serials: [serial], ...said });
  return { reworkId, supersedesAttempt: 1 };
}
