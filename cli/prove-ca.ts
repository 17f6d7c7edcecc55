import { proveOwnership } from '../pki/ownership-proof.ts';
import { pemOf } from '../pki/pem.ts';
import { openSqliteLedger } from '../pki/sqlite-ledger.ts';
import { openConfiguredCa } from '../workers/line-ca.ts';
import { openLineAudit } from '../workers/line-audit.ts';
import { ledgerPath } from '../workers/state-folder.ts';
import type { Invocation } from './invocation.ts';

/** `certline ca prove`: prints the ownership proof in PEM. Throws what opening the CA and its ledger throws. */
export async function proveCa({ stateFolder, config }: Invocation, code: string): Promise<void> {
  const ca = await openConfiguredCa(stateFolder, config);
  const ledger = openSqliteLedger(ledgerPath(stateFolder));
  try {
    await openLineAudit({ stateFolder, ledger, witnessFile: config.auditWitnessFile });
    process.stdout.write(pemOf('CERTIFICATE', await proveOwnership(ca, ledger, code)));
  } finally {
    await ledger.close();
    await ca.signer.close();
  }
}
