import { resolve } from 'node:path';
import { writeWhole } from '../../disk/write-whole.ts';
import { auditKeyPath } from '../../line/state-folder.ts';
import { intakeKeysFile } from '../../line/trusted-keys.ts';
import { loadAuditKey } from '../../pki/keys/audit-key.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import type { Decision } from '../../provisioning/decision.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import { dossierOf, dossierUnit } from '../../reports/dossier/dossier.ts';
import type { DossierUnit } from '../../reports/dossier/dossier.ts';
import { signedDossier } from '../../reports/dossier/signed-dossier.ts';
import { findBatch } from '../batch/find-batch.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { openExportedRegistry } from '../registry/exported-registry.ts';
import { withRegistry } from '../registry/open-registry.ts';
import { tell } from '../terminal/stdout.ts';

/** A lot as the registry has it. */
interface Lot {
  readonly batch: BatchRecord;
  readonly decisions: readonly Decision[];
  readonly units: readonly DossierUnit[];
}

/** Differences that a refusal names. */
const NAMED = 5;

/** `certline lot dossier`. Throws `refused` for a batch that is open, `auditBroken` where ledger and registry disagree, `unknown`. */
export async function signDossier(
  invocation: Invocation,
  given: string,
  options: { readonly registry?: string; readonly output?: string; readonly json?: boolean },
): Promise<void> {
  const { batch, decisions, units } = await lotIn(invocation, given, options.registry);
  const { batchId } = batch;
  if (batch.state === 'open')
    throw new CommandError('refused', `Batch ${batchId} is open: its dossier is signed when it is closed.`);
  const differences = await withLedger(invocation, 'read', (ledger) => differencesFrom(ledger, batch, units));
  if (differences.length > 0) {
    const named = differences.slice(0, NAMED).join('; ');
    const more = differences.length > NAMED ? `; and ${differences.length - NAMED} more` : '';
    const message = `Ledger and registry disagree, so nothing is signed: ${named}${more}. "certline audit reconcile" lists every difference.`;
    throw new CommandError('auditBroken', message);
  }
  const path = resolve(options.output ?? `${batchId}.dossier.json`);
  const key = loadAuditKey(auditKeyPath(invocation.stateFolder));
  await writeWhole(path, 0o644, signedDossier(dossierOf(batch, decisions, units), key));
  const signedBy = key.verifier.name;
  tell(
    options.json,
    { batchId, file: path, signedBy },
    `The dossier of batch ${batchId}, signed by ${signedBy}, is in ${path}`,
  );
}

async function lotIn(invocation: Invocation, given: string, exported: string | undefined): Promise<Lot> {
  const { stateFolder, config } = invocation;
  if (exported !== undefined) {
    const registry = await openExportedRegistry(
      exported,
      readVerifierKeys(intakeKeysFile(stateFolder, config)),
    );
    const batch = await findBatch(registry, given);
    const decisions = await registry.batchDecisions(batch.batchId);
    return { batch, decisions, units: await Array.fromAsync(registry.dossierUnits(batch.batchId)) };
  }
  return await withRegistry(invocation, async (registry) => {
    const batch = await findBatch(registry, given);
    const decisions = await registry.batchDecisions(batch.batchId);
    const units = await Array.fromAsync(registry.unitRecords(batch.batchId), dossierUnit);
    return { batch, decisions, units };
  });
}

/** A sentence without its full stop for each unit or certificate of which the signer knows something else. */
async function differencesFrom(
  ledger: Ledger,
  { batchId, quantity }: BatchRecord,
  units: readonly DossierUnit[],
): Promise<string[]> {
  const found: string[] = [];
  if (units.length !== quantity)
    found.push(`batch ${batchId} has ${quantity} units, of which ${units.length} are listed`);
  for (const { serial, outcome, certificates } of units) {
    const active = certificates.filter(({ state }) => state === 'active');
    if (outcome === 'OPEN') found.push(`${serial} has no end`);
    if (outcome !== 'PASS' && active.length > 0)
      found.push(`${serial} did not pass and has an active certificate`);
    for (const { sha256, keySha256, state } of certificates) {
      const issued = await ledger.issuances.issuanceOfCertificate(sha256);
      const isSame = issued?.serial === serial && issued.spkiSha256 === keySha256;
      if (!isSame) found.push(`the ledger has no certificate ${sha256} of ${serial}`);
      else if ((state === 'active') !== (issued.state === 'active'))
        found.push(
          `the certificate ${sha256} of ${serial} is ${issued.state} in the ledger and ${state} in the registry`,
        );
    }
  }
  return found;
}
