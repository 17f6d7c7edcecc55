import type { Ledger } from '../../pki/ledger/ledger.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import type { DossierUnit } from '../../reports/dossier/dossier.ts';
import { issuedRow } from '../../reports/reconcile.ts';
import { compareListed } from '../../reports/reconciliation.ts';
import type { IssuedRow, ListedUnit } from '../../reports/reconciliation.ts';

/** What the signer remembers of batches and certificates. */
type Records = Pick<Ledger, 'orders' | 'issuances'>;

/**
 * A sentence without its full stop for everything that the registry says of a closed batch and the signer knows otherwise, and
 * for every certificate of the signer that the registry does not have.
 */
export async function ledgerDifferences(
  ledger: Records,
  batch: BatchRecord,
  units: readonly DossierUnit[],
): Promise<string[]> {
  const found = [...unitFaults(batch, units), ...(await releaseFaults(ledger, batch, units))];
  /** Requests whose certificate has a sentence already. */
  const told = new Set<string>();
  for (const { serial, certificates } of units)
    for (const { sha256, keySha256, state } of certificates) {
      const issued = await ledger.issuances.issuanceOfCertificate(sha256);
      if (issued?.serial !== serial || issued.spkiSha256 !== keySha256 || issued.batchId !== batch.batchId)
        found.push(`the ledger has no certificate ${sha256} of ${serial}`);
      else if ((state === 'active') !== (issued.state === 'active')) {
        told.add(issued.requestId);
        found.push(
          `the certificate ${sha256} of ${serial} is ${issued.state} in the ledger and ${state} in the registry`,
        );
      } else if (state === 'active' && issued.heldAt !== undefined)
        // The registry knows no hold: what is signed would say that it is valid.
        found.push(
          `the certificate ${sha256} of ${serial} is on hold in the ledger and active in the registry`,
        );
    }
  const bySerial = new Map(units.map((unit) => [unit.serial, unit]));
  for await (const issuance of ledger.issuances.issuances()) {
    if (issuance.batchId !== batch.batchId || told.has(issuance.requestId)) continue;
    const row = issuedRow(issuance);
    for (const { what, detail } of compareListed(row, listedUnit(row, bySerial.get(row.serial))))
      found.push(`${what} ${detail}`);
  }
  return found;
}

/** What cannot be so, whatever the signer knows. */
function unitFaults({ batchId, quantity }: BatchRecord, units: readonly DossierUnit[]): string[] {
  const found: string[] = [];
  if (units.length !== quantity)
    found.push(`batch ${batchId} has ${quantity} units, of which ${units.length} are listed`);
  const seen = new Set<string>();
  for (const { serial, outcome, certificates } of units) {
    const isActive = certificates.some(({ state }) => state === 'active');
    if (seen.has(serial)) found.push(`${serial} is listed twice`);
    if (outcome === 'OPEN') found.push(`${serial} has no end`);
    if (outcome === 'PASS' && certificates.length === 0)
      found.push(`${serial} passed and has no certificate`);
    if (outcome !== 'PASS' && isActive) found.push(`${serial} did not pass and has an active certificate`);
    seen.add(serial);
  }
  return found;
}

/** In which the registry has another batch than the signer released; a batch without a certificate may be one that it never did. */
async function releaseFaults(
  { orders }: Records,
  { batchId, order, quantity, manifestSha256 }: BatchRecord,
  units: readonly DossierUnit[],
): Promise<string[]> {
  const released = (await orders.batchesOf(order)).find((each) => each.batchId === batchId);
  if (released === undefined)
    return units.some(({ certificates }) => certificates.length > 0)
      ? [`the signer released no batch ${batchId} of order ${order}`]
      : [];
  const found: string[] = [];
  if (released.quota !== quantity)
    found.push(
      `the signer released batch ${batchId} for ${released.quota} units, and ${quantity} are registered`,
    );
  if (released.manifestSha256 !== undefined && released.manifestSha256 !== manifestSha256)
    found.push(`the signer released batch ${batchId} for another manifest`);
  return found;
}

function listedUnit({ certificateSha256 }: IssuedRow, unit: DossierUnit | undefined): ListedUnit | undefined {
  if (unit === undefined) return undefined;
  const active = unit.certificates.filter(({ state }) => state === 'active');
  return {
    isClosed: true,
    isActive: active.some(({ sha256 }) => sha256 === certificateSha256),
    hasPassed: active.length > 0,
  };
}
