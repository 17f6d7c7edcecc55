import { readFileSync } from 'node:fs';
import { isThere } from '../../disk/is-there.ts';
import { openLineAudit } from '../../line/audit.ts';
import { auditVerifierPath } from '../../line/state-folder.ts';
import { openPermitKey } from '../../line/trusted-keys.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printDocument } from '../terminal/stdout.ts';

/**
 * `certline station export`: of those whose requests are accepted now, and of the audit log of this signer. Throws `unknown`
 * where there is no ledger.
 */
export async function exportStations(invocation: Invocation): Promise<void> {
  const { stateFolder, config } = invocation;
  const auditKey = auditVerifierPath(stateFolder);
  // A signer that has not run yet makes its audit key with its log.
  if (!isThere(auditKey))
    await withLedger(invocation, 'update', async (ledger) => {
      await openLineAudit({ stateFolder, ledger, witnessFile: config.auditWitnessFile });
    });
  printDocument(readFileSync(auditKey, 'utf8').trim());
  await withLedger(invocation, 'read', async ({ stations }) => {
    for (const { state, verifier } of await stations.stations())
      if (state === 'enrolled') printDocument(verifier);
  });
}

/** `certline station signer-key`: the key is made where there is none yet. Throws ROLE_KEY_INVALID. */
export function exportSignerKey(stateFolder: string): void {
  printDocument(verifierText(openPermitKey(stateFolder).verifier));
}
