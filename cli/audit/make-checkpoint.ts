import { readFileSync } from 'node:fs';
import { isThere } from '../../disk/is-there.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { openCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { createAuditKey, loadAuditKey } from '../../pki/keys/audit-key.ts';
import type { AuditKey } from '../../pki/keys/audit-key.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import type { Ledger } from '../../pki/ledger/ledger.ts';
import { openLineAudit, witness } from '../../line/audit.ts';
import { auditKeyPath, auditVerifierPath, auditWitnessPath } from '../../line/state-folder.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';

/**
 * `certline audit checkpoint`: witnesses the log as it is now and prints the note. Throws LEDGER_STALE where the ledger
 * is not the one that was witnessed, unless that is accepted.
 */
export async function makeCheckpointNow(
  invocation: Invocation,
  options: { acceptLoss?: boolean },
): Promise<void> {
  const { stateFolder, config } = invocation;
  const note = await withLedger(invocation, 'update', async (ledger) => {
    const witnessFile = config.auditWitnessFile;
    if (options.acceptLoss === true)
      await acceptLoss(stateFolder, ledger, witnessFile ?? auditWitnessPath(stateFolder));
    const audit = await openLineAudit({ stateFolder, ledger, witnessFile, remote: config.auditWitness });
    return (await witness(audit)).note;
  });
  process.stdout.write(note);
}

/** What was witnessed goes into the log, then the witness follows it. */
async function acceptLoss(stateFolder: string, ledger: Ledger, witnessPath: string): Promise<void> {
  const key = await keyOf(stateFolder);
  const note = isThere(witnessPath) ? readFileSync(witnessPath, 'utf8') : '';
  const seen = openCheckpoint(note, key.verifier);
  await ledger.auditLog.acceptLoss(seen?.size ?? 0, seen?.hash ?? '');
  await witness({ ledger, key, witnessPath });
}

/** A key that is lost is replaced, and its successor's name is another. */
async function keyOf(stateFolder: string): Promise<AuditKey> {
  const path = auditKeyPath(stateFolder);
  if (isThere(path)) return loadAuditKey(path);
  const key = createAuditKey(path);
  const text = `${verifierText(key.verifier)}\n`;
  await writeWhole(auditVerifierPath(stateFolder), 0o644, text);
  return key;
}
