import { openConfiguredCa } from '../workers/line-ca.ts';
import { publishCrl } from '../workers/line-crl.ts';
import { caFolder, crlPath } from '../workers/state-folder.ts';
import { join } from 'node:path';
import { CA_FILES } from '../pki/development-ca.ts';
import type { Invocation } from './invocation.ts';
import { noLedger, withLedger } from './open-ledger.ts';
import { shownTime } from './shown-time.ts';
import { printJson } from './stdout.ts';
import { printFields } from './table.ts';

/** `certline ca crl`. Throws `unknown` without a ledger, and what opening the CA throws. */
export async function makeCrl(invocation: Invocation, options: { json?: boolean }): Promise<void> {
  const { stateFolder, config } = invocation;
  const ca = await openConfiguredCa(stateFolder, config);
  const issued = await withLedger(invocation, async (ledger) => {
    if (ledger === undefined) throw noLedger(invocation);
    return await publishCrl({ ca, ledger, stateFolder });
  });
  await ca.signer.close();
  const { number, entries } = issued;
  const [thisUpdate, nextUpdate] = [issued.thisUpdate.toISOString(), issued.nextUpdate.toISOString()];
  const path = crlPath(stateFolder);
  const chain = join(caFolder(stateFolder), CA_FILES.chain);
  const verify = `openssl verify -crl_check -CAfile ${chain} -CRLfile ${path} CERTIFICATE.pem`;
  if (options.json === true) {
    printJson({ crl: path, number, entries, thisUpdate, nextUpdate, verify });
    return;
  }
  printFields([
    ['List', path],
    ['Number', String(number)],
    ['Entries', String(entries)],
    ['Made', shownTime(thisUpdate)],
    ['Next by', shownTime(nextUpdate)],
    ['Verify', verify],
  ]);
}
