import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { newCaNames } from '../../pki/ca/ca-name.ts';
import { buildCaCsr } from '../../pki/ca/ca-csr.ts';
import { createDurableFolder } from '../../disk/durable-folder.ts';
import { encryptPrivateKey } from '../../pki/keys/encrypted-key.ts';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { SoftwareSigner } from '../../pki/signers/software-signer.ts';
import { openTokenSigner } from '../../line/ca.ts';
import { caRequestFolder } from '../../line/state-folder.ts';
import { choosePassphraseFile, sayBeside } from './init-ca.ts';
import type { Invocation } from '../invocation.ts';

const REQUEST_FILE = 'request.pem';

/**
 * `certline ca csr`: prints a request for a factory CA over the token's key, or over a new key in a file, which waits
 * in the state folder for `ca import`. Asked again, that one comes again. Throws PROFILE_INVALID, TOKEN_PIN_REFUSED.
 */
export async function requestCa(
  { stateFolder, config }: Invocation,
  options: { name: string },
): Promise<void> {
  const name = newCaNames(options.name).ica;
  const token = await openTokenSigner(stateFolder, config);
  if (token !== undefined) {
    process.stdout.write(pemOf('CERTIFICATE REQUEST', await buildCaCsr(name, token)));
    await token.close();
    return;
  }
  const folder = caRequestFolder(stateFolder);
  if (!isThere(folder)) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const passphrase = passphraseFromFile(
      choosePassphraseFile(stateFolder, config.passphraseFile, sayBeside),
    );
    const request = await buildCaCsr(name, new SoftwareSigner('factory-ica', privateKey));
    createDurableFolder(folder, {
      [CA_FILES.factoryIcaKey]: encryptPrivateKey(privateKey, passphrase),
      [REQUEST_FILE]: pemOf('CERTIFICATE REQUEST', request),
    });
    passphrase.wipe();
  }
  process.stdout.write(readFileSync(join(folder, REQUEST_FILE), 'utf8'));
}
