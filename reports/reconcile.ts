import type { LedgerAuditLog } from '../pki/ledger/audit-log.ts';
import type { LedgerIssuances } from '../pki/ledger/issuances.ts';
import type { Issuance } from '../pki/signing/issuances.ts';
import { sha256Hex } from '../pki/x509/p256.ts';
import type { Registry } from '../registry/registry.ts';
import {
  auditedStep,
  compareAudited,
  compareListed,
  compareRegistered,
  missingRow,
} from './reconciliation.ts';
import type { Difference, IssuedRow, ReconciledCounts } from './reconciliation.ts';
import { RecordTables } from './record-tables.ts';

/** The records of a signer, each read once from its beginning to its end. */
export interface SignerRecords {
  readonly auditLog: Pick<LedgerAuditLog, 'auditEntries'>;
  readonly issuances: Pick<LedgerIssuances, 'issuances'>;
}

/** Items handled in one transaction. */
const PAGE = 1_000;

/**
 * Compares ledger, audit log, registry and manifests, and names each difference. Each record is read once. What must be
 * looked up again is kept on disk, so the memory that this takes does not grow with the number of certificates.
 */
export async function reconcile(
  signer: SignerRecords,
  registry: Pick<Registry, 'listBatches' | 'certifiedUnits'> | undefined,
): Promise<{ readonly counts: ReconciledCounts; readonly differences: readonly Difference[] }> {
  const tables = new RecordTables();
  try {
    const auditEntries = await readAudit(signer, tables);
    const registered =
      registry === undefined ? { certificates: 0, rows: 0 } : await readRegistry(registry, tables);
    const differences: Difference[] = [];
    let ledgerRows = 0;
    for await (const page of pagesOf(signer.issuances.issuances())) {
      ledgerRows += page.length;
      const compare = (issuance: Issuance): Difference[] =>
        compareRow(issuedRow(issuance), tables, registry !== undefined);
      differences.push(...tables.transaction(() => page.flatMap(compare)));
    }
    for (const { certificate, row } of tables.registered())
      differences.push(...compareRegistered(certificate, row));
    differences.push(...tables.requestsWithoutRow().map(missingRow));
    const counts = {
      signatures: tables.signings(),
      ledgerRows,
      auditEntries,
      registeredCertificates: registered.certificates,
      manifestRows: registered.rows,
    };
    return { counts, differences };
  } finally {
    tables.close();
  }
}

async function readAudit({ auditLog }: SignerRecords, tables: RecordTables): Promise<number> {
  let entries = 0;
  for await (const page of pagesOf(auditLog.auditEntries())) {
    entries += page.length;
    tables.transaction(() => {
      for (const entry of page) {
        const step = auditedStep(entry);
        if (step !== undefined) tables.addStep(step);
      }
    });
  }
  return entries;
}

async function readRegistry(
  registry: Pick<Registry, 'listBatches' | 'certifiedUnits'>,
  tables: RecordTables,
): Promise<{ readonly certificates: number; readonly rows: number }> {
  const counts = { certificates: 0, rows: 0 };
  for (const { batchId, state } of await registry.listBatches()) {
    for await (const page of pagesOf(registry.certifiedUnits(batchId))) {
      counts.rows += page.length;
      tables.transaction(() => {
        for (const { serial, certificates } of page) {
          tables.addUnit({ batchId, serial, isClosed: state === 'closed' });
          for (const certificate of certificates) tables.addCertificate({ batchId, serial, ...certificate });
          counts.certificates += certificates.length;
        }
      });
    }
  }
  return counts;
}

function compareRow(row: IssuedRow, tables: RecordTables, hasRegistry: boolean): Difference[] {
  tables.addRow(row);
  const differences = compareAudited(row, tables.audited(row.requestId));
  return hasRegistry ? [...differences, ...compareListed(row, tables.unitOf(row))] : differences;
}

/** What of a row of the ledger is compared. */
export function issuedRow({
  requestId,
  batchId,
  serial,
  state,
  tbs,
  certificate,
  ...rest
}: Issuance): IssuedRow {
  return {
    requestId,
    batchId,
    serial,
    state,
    tbsSha256: sha256Hex(tbs),
    ...(certificate !== undefined && { certificateSha256: sha256Hex(certificate) }),
    isHeld: rest.heldAt !== undefined,
    isInRework: rest.isInRework === true,
  };
}

async function* pagesOf<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let page: T[] = [];
  for await (const item of items) {
    if (page.push(item) < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
