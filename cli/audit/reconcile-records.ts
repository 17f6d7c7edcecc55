import type { Issuance } from '../../pki/signing/issuances.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import type { Registry } from '../../registry/registry.ts';
import { compareAudit, compareLot, replayAudit } from '../../reports/reconciliation.ts';
import type { Difference, ReconciledCounts, RegisteredLot } from '../../reports/reconciliation.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

/** `certline audit reconcile`. Sets exit status `auditBroken`; throws `unknown` without a ledger. */
export async function reconcileRecords(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  const { counts, differences, hasRegistry } = await withLedger(invocation, 'read', async (ledger) => {
    return await withRegistry(invocation.stateFolder, (registry) => compare(ledger, registry));
  });
  if (differences.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (options.json === true) {
    printJson({ counts, differences });
    return;
  }
  printLine(
    `${counts.signatures} signatures, ${counts.ledgerRows} ledger rows, ${counts.auditEntries} audit entries, ${counts.registeredCertificates} registered certificates, ${counts.manifestRows} manifest rows`,
  );
  if (!hasRegistry) printLine('Not compared with the registry: there is none here.');
  if (differences.length === 0) printLine('No difference.');
  else
    await printTable(
      [{ head: 'DIFFERENCE' }, { head: 'WHAT' }, { head: 'DETAIL' }],
      differences.map(({ code, what, detail }) => [code, what, detail]),
    );
}

async function compare(
  ledger: Ledger,
  registry: Registry | undefined,
): Promise<{ counts: ReconciledCounts; differences: Difference[]; hasRegistry: boolean }> {
  const { requests, entries } = await replayAudit(ledger.auditLog.auditEntries());
  const rows: Issuance[] = [];
  for await (const row of ledger.issuances.issuances()) rows.push(row);
  const counts: ReconciledCounts = {
    signatures: [...requests.values()].reduce((sum, { signings }) => sum + signings, 0),
    ledgerRows: rows.length,
    auditEntries: entries,
    registeredCertificates: 0,
    manifestRows: 0,
  };
  const differences = compareAudit(rows, requests);
  if (registry !== undefined) differences.push(...(await compareRegistry(rows, registry, counts)));
  return { counts, differences, hasRegistry: registry !== undefined };
}

async function compareRegistry(
  rows: readonly Issuance[],
  registry: Registry,
  counts: ReconciledCounts,
): Promise<Difference[]> {
  const ofBatch = Map.groupBy(rows, ({ batchId }) => batchId);
  const lots = new Map<string, RegisteredLot>();
  for (const { batchId, state } of await registry.listBatches()) {
    const lot = await readLot(registry, batchId, state === 'closed');
    lots.set(batchId, lot);
    counts.manifestRows += lot.serials.size;
    counts.registeredCertificates += lot.certificates.length;
  }
  const batches = new Set([...ofBatch.keys(), ...lots.keys()]);
  return [...batches].flatMap((batchId) => compareLot(ofBatch.get(batchId) ?? [], lots.get(batchId)));
}

async function readLot(registry: Registry, batchId: string, isClosed: boolean): Promise<RegisteredLot> {
  const serials = new Set<string>();
  const certificates: RegisteredLot['certificates'][number][] = [];
  for await (const { serial, outcome, certificateSha256 } of registry.resultRows(batchId)) {
    serials.add(serial);
    // One that passed has a certificate, even if it is no longer valid.
    if (outcome !== 'PASS' && certificateSha256 === undefined) continue;
    const unit = await registry.unit(serial);
    for (const certificate of unit?.certificates ?? []) certificates.push({ ...certificate, serial });
  }
  return { isClosed, serials, certificates };
}
