import { resolve } from 'node:path';
import { writeWhole } from '../../disk/write-whole.ts';
import { auditKeyPath, auditVerifierPath } from '../../line/state-folder.ts';
import { intakeKeysFile } from '../../line/trusted-keys.ts';
import { loadAuditKey } from '../../pki/keys/audit-key.ts';
import { readVerifierKeys } from '../../pki/keys/verifier-key-file.ts';
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
import { makeFile } from '../made-file.ts';
import { tell } from '../terminal/stdout.ts';
import { ledgerDifferences } from './ledger-differences.ts';

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
  const differences = await withLedger(invocation, 'read', (ledger) =>
    ledgerDifferences(ledger, batch, units),
  );
  if (differences.length > 0) {
    const named = differences.slice(0, NAMED).join('; ');
    const more = differences.length > NAMED ? `; and ${differences.length - NAMED} more` : '';
    const message = `Ledger and registry disagree, so nothing is signed: ${named}${more}. "certline audit reconcile" lists every difference.`;
    throw new CommandError('auditBroken', message);
  }
  const path = resolve(options.output ?? `${batchId}.dossier.json`);
  const key = loadAuditKey(auditKeyPath(invocation.stateFolder));
  const text = signedDossier(dossierOf(batch, decisions, units), key);
  await makeFile(path, async () => writeWhole(path, 0o644, text));
  const signedBy = key.verifier.name;
  tell(
    options.json,
    { batchId, file: path, signedBy },
    `The dossier of batch ${batchId}, signed by ${signedBy}, is in ${path}
Verify it with: certline lot verify ${path} --key ${auditVerifierPath(invocation.stateFolder)}`,
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
