import { proveOwnership } from '../../pki/revocation/ownership-proof.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { openConfiguredCa } from '../../line/ca.ts';
import { openLineAudit } from '../../line/audit.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';

/** `certline ca prove`: prints the ownership proof in PEM. Throws what opening the CA and its ledger throws. */
export async function proveCa(invocation: Invocation, code: string): Promise<void> {
  const { stateFolder, config } = invocation;
  const ca = await openConfiguredCa(stateFolder, config);
  try {
    await withLedger(invocation, 'make', async (ledger) => {
      await openLineAudit({
        stateFolder,
        ledger,
        witnessFile: config.auditWitnessFile,
        remote: config.auditWitness,
      });
      const proof = await proveOwnership(ca, ledger.withdrawals, code);
      process.stdout.write(pemOf('CERTIFICATE', proof));
    });
  } finally {
    await ca.signer.close();
  }
}
