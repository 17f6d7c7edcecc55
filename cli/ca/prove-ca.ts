import { proveOwnership } from '../../pki/revocation/ownership-proof.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { SqlLedger } from '../../pki/ledger/sql-ledger.ts';
import { openConfiguredCa } from '../../line/ca.ts';
import { openLineAudit } from '../../line/audit.ts';
import { openLineDatabase } from '../../line/ledger.ts';
import type { Invocation } from '../invocation.ts';

/** `certline ca prove`: prints the ownership proof in PEM. Throws what opening the CA and its ledger throws. */
export async function proveCa({ stateFolder, config }: Invocation, code: string): Promise<void> {
  const ca = await openConfiguredCa(stateFolder, config);
  try {
    const ledger = new SqlLedger(await openLineDatabase({ stateFolder, config }));
    try {
      await openLineAudit({ stateFolder, ledger, witnessFile: config.auditWitnessFile });
      process.stdout.write(pemOf('CERTIFICATE', await proveOwnership(ca, ledger, code)));
    } finally {
      await ledger.close();
    }
  } finally {
    await ca.signer.close();
  }
}
