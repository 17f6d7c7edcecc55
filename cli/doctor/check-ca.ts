import { X509Certificate } from 'node:crypto';
import { loadFactoryIca, readCaChain } from '../../pki/development-ca.ts';
import { passphraseFromFile } from '../../pki/passphrase.ts';
import { caFolder, caPassphrasePath } from '../../workers/state-folder.ts';
import { shownExpiry } from '../shown-time.ts';
import { failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A new factory CA has to be made, signed elsewhere and given to clouds: that takes weeks. */
const SOON_MS = 90 * 86_400_000;

/** The factory CA: is it there, how long is it valid, does the passphrase open its key. */
export function checkCa(
  stateFolder: string,
  passphraseFile: string | undefined,
  now: Date = new Date(),
): Finding[] {
  const directory = caFolder(stateFolder);
  try {
    const [factoryIca] = readCaChain(directory);
    return [
      checkTime(new X509Certificate(factoryIca!), now),
      checkKey(directory, passphraseFile ?? caPassphrasePath(stateFolder)),
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

function checkKey(directory: string, passphraseFile: string): Finding {
  try {
    const passphrase = passphraseFromFile(passphraseFile);
    try {
      loadFactoryIca({ directory, passphrase });
    } finally {
      passphrase.wipe();
    }
    return ok('CA key', `${passphraseFile} opens it`);
  } catch (error) {
    return failure('CA key', error);
  }
}
