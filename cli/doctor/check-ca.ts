import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { openConfiguredCa, readIssuers } from '../../line/ca.ts';
import type { CaKeyConfig } from '../../line/ca.ts';
import type { LineConfig } from '../../line/config.ts';
import { caFolder, caPassphrasePath, ledgerPath } from '../../line/state-folder.ts';
import { shownExpiry } from '../terminal/words.ts';
import { fail, failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A new factory CA has to be made, signed elsewhere and given to clouds: that takes weeks. */
const SOON_MS = 90 * 86_400_000;

/**
 * The factory CA: is it there, how long is it valid, can its key be used where the configuration says it is. On another host than
 * the signer's, its certificates in the `issuersFile`.
 */
export async function checkCa(
  stateFolder: string,
  config: CaKeyConfig & Pick<LineConfig, 'issuersFile'>,
  now: Date = new Date(),
): Promise<Finding[]> {
  try {
    const isSigner = [caFolder(stateFolder), ledgerPath(stateFolder)].some((path) => isThere(path));
    if (!isSigner) {
      const issuers = readIssuers(stateFolder, config.issuersFile);
      return issuers.map((der) => checkTime(new X509Certificate(der), now));
    }
    const [factoryIca] = readCaChain(caFolder(stateFolder));
    return [
      checkTime(new X509Certificate(factoryIca!), now),
      await checkKey(stateFolder, config),
      ...checkRoot(stateFolder),
    ];
  } catch (error) {
    return [failure('CA', error)];
  }
}

function checkTime({ subject, validToDate }: X509Certificate, now: Date): Finding {
  const name = /CN=(.*)/.exec(subject)?.[1] ?? subject;
  const says = `${name}, valid ${shownExpiry(validToDate.toISOString())}`;
  const isSoon = validToDate.getTime() - now.getTime() < SOON_MS;
  return isSoon ? warn('CA', `${says}: have its successor made`) : ok('CA', says);
}

/** Who reads the disk of the signer may get the factory CA, which the root can revoke; never the root. */
function checkRoot(stateFolder: string): Finding[] {
  const folder = caFolder(stateFolder);
  const places = [
    join(folder, CA_FILES.rootKey),
    join(folder, CA_FILES.rootPassphrase),
    join(dirname(folder), CA_FILES.rootPassphrase),
  ];
  const found = places.find((path) => existsSync(path));
  if (found === undefined) return [];
  const says = `${found} is on the host of the factory CA: move it to a medium that you take away, and delete it here. A development CA is not for production`;
  return [fail('CA root', 'caMissing', says)];
}

async function checkKey(stateFolder: string, config: CaKeyConfig): Promise<Finding> {
  try {
    const { signer } = await openConfiguredCa(stateFolder, config);
    await signer.close();
    const { pkcs11, passphraseFile = caPassphrasePath(stateFolder) } = config;
    return ok('CA key', pkcs11 === undefined ? `${passphraseFile} opens it` : `${signer.id} has it`);
  } catch (error) {
    return failure('CA key', error);
  }
}
