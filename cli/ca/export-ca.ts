import { readFileSync } from 'node:fs';
import { isThere } from '../../disk/is-there.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { caFolder, crlPath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';

/** What can be exported. */
export type Export = 'ica' | 'chain' | 'root' | 'crl';

/** `certline ca export`: prints public files in PEM. Throws CA_NOT_FOUND, `unknown` where there is no list yet. */
export function exportCa(stateFolder: string, what: Export): void {
  if (what === 'crl') {
    const path = crlPath(stateFolder);
    if (!isThere(path))
      throw new CommandError('unknown', `There is no ${path} yet: make it with "certline ca crl".`);
    process.stdout.write(readFileSync(path));
    return;
  }
  const chain = readCaChain(caFolder(stateFolder));
  const wanted = what === 'ica' ? chain.slice(0, 1) : what === 'root' ? chain.slice(-1) : chain;
  for (const der of wanted) process.stdout.write(pemOf('CERTIFICATE', der));
}
