import { openLineAudit } from '../../line/audit.ts';
import { openConfiguredCa } from '../../line/ca.ts';
import { publishCrl } from '../../line/crl.ts';
import { caFolder, crlPath } from '../../line/state-folder.ts';
import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { verifyCrl } from '../../pki/revocation/crl-verifier.ts';
import type { RevocationResult } from '../../registry/registry.ts';
import { applyCrl } from '../../line/apply-crl.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { withWritableRegistry } from '../registry/open-registry.ts';
import { printCrl } from './print-crl.ts';

/**
 * `certline ca crl`; a registry on this host receives it. Throws `unknown` without a ledger, LEDGER_STALE for an old
 * copy of one, and what opening the CA throws.
 */
export async function makeCrl(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  const { stateFolder, config } = invocation;
  const ca = await openConfiguredCa(stateFolder, config);
  const issued = await withLedger(invocation, 'update', async (ledger) => {
    await openLineAudit({
      stateFolder,
      ledger,
      witnessFile: config.auditWitnessFile,
      remote: config.auditWitness,
    });
    return await publishCrl({ ca, ledger, stateFolder });
  });
  await ca.signer.close();
  const told = await withWritableRegistry(invocation, async (registry) => {
    if (registry === undefined) return undefined;
    return await applyCrl(registry, verifyCrl(issued.crl, ca.chain, new Date()));
  });
  const path = crlPath(stateFolder);
  const chain = join(caFolder(stateFolder), CA_FILES.chain);
  const verify = `openssl verify -crl_check -CAfile ${chain} -CRLfile ${path} CERTIFICATE.pem`;
  printCrl({
    path,
    issued,
    json: options.json,
    members: { verify, registry: told ?? null },
    fields: [
      ['Verify', verify],
      ['Registry', told && describeTold(told)],
    ],
  });
}

function describeTold(told: RevocationResult): string {
  if (told.status === 'older')
    return `knows list ${told.applied}, a newer one: the ledger here is an old copy`;
  return `${told.ended} newly revoked`;
}
