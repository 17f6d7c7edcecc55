import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFactoryIcaCertificate, makeRootCertificate } from '../../../pki/ca/ca-certificate.ts';
import { openIssuingCa } from '../../../pki/ca/issuing-ca.ts';
import type { Pkcs11Key } from '../../../pki/signers/pkcs11-key.ts';
import { rememberRefused } from '../../../pki/signers/pkcs11-pin.ts';
import { Pkcs11Signer } from '../../../pki/signers/pkcs11-signer.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { SoftwareSigner } from '../../../pki/signers/software-signer.ts';
import { generateKeyPairSync } from 'node:crypto';
import { fileIn, openssl } from '../openssl.ts';
import { code, makeLine, release, requestFor } from '../signing/signing-line.ts';
import { describeSigner } from './signer-conformance.ts';
import { makeToken, PIN, useToken, SOFTHSM_INSTALLED, SOFTHSM_MODULE } from './softhsm.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();

/** How many logins in a row have failed, as the token itself tells: it raises a flag after the first. */
function pinFlags({ token }: Pkcs11Key): string {
  const { stdout } = spawnSync('pkcs11-tool', ['--module', SOFTHSM_MODULE, '--list-token-slots'], {
    encoding: 'utf8',
  });
  return stdout.slice(stdout.indexOf(token)).split('Slot')[0]!;
}

/** Ends the processes that hold tokens, as a crash of their library would. */
function killChildren(): void {
  const { stdout } = spawnSync('pgrep', ['-f', '-P', String(process.pid), 'pkcs11-child'], {
    encoding: 'utf8',
  });
  for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
}

describe.skipIf(!SOFTHSM_INSTALLED)(
  'the PKCS#11 signer (test/pki/signers/install-softhsm.sh installs a token)',
  () => {
    const key = SOFTHSM_INSTALLED ? makeToken(folder) : ({} as Pkcs11Key);

    describeSigner(() => Pkcs11Signer.open(key));

    it('signs the certificates of a line, which openssl verifies', async () => {
      const now = new Date();
      const signer = await Pkcs11Signer.open(key);
      const root = new SoftwareSigner(
        'root',
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
      );
      const named = (commonName: string) => ({ organization: 'Acme', commonName });
      const names = { root: named('Root'), ica: named('ICA') };
      const rootCertificate = await makeRootCertificate(names.root, root, now);
      const ica = await makeFactoryIcaCertificate(names, { root, icaSpki: signer.spki }, now);
      const line = makeLine(folder, openIssuingCa(signer, [ica, rootCertificate], now));
      const serials = Array.from({ length: 20 }, (_, index) => `T-${index}`);
      await release(line, serials);
      const issued = await Promise.all(serials.map((serial) => line.issuer.issue(requestFor(serial))));
      const files = issued.map(({ certificate }, index) => fileIn(folder, `t-${index}.der`, certificate));
      const pem = (name: string, der: Uint8Array): string => fileIn(folder, name, pemOf('CERTIFICATE', der));
      const anchors = ['-CAfile', pem('root.pem', rootCertificate), '-untrusted', pem('ica.pem', ica)];
      const verified = openssl(
        'verify',
        '-x509_strict',
        '-purpose',
        'sslclient',
        ...anchors,
        ...files,
      ).toString();
      expect(verified.match(/: OK/g)).toHaveLength(20);
      await line.ledger.close();
      await signer.close();
    });

    it.each([
      ['the library', { module: '/nowhere.so' }, /nowhere/],
      ['the token', { token: 'other' }, /0 tokens have the label other; the labels are: factory/],
      ['the key', { label: 'none' }, /no private EC key has the label none/],
      ['the PIN file', { pinFile: '/nowhere/pin' }, /ENOENT/],
    ])('says that %s is not there', async (_what, change, message) => {
      const opening = Pkcs11Signer.open({ ...key, ...change });
      await expect(opening).rejects.toThrow(code('CA_UNAVAILABLE', 'token'));
      await expect(opening).rejects.toThrow(message);
    });

    it('refuses a PIN file that others can read', async () => {
      chmodSync(key.pinFile, 0o640);
      await expect(Pkcs11Signer.open(key)).rejects.toThrow(/chmod 600/);
      chmodSync(key.pinFile, 0o600);
    });

    it('tries a wrong PIN once, even when it is started again and again', async () => {
      const wrong = makeToken(folder, 'wrong-pin');
      onTestFinished(() => useToken(key));
      writeFileSync(wrong.pinFile, '000000\n');
      await expect(Pkcs11Signer.open(wrong)).rejects.toThrow(code('TOKEN_PIN_REFUSED'));
      expect(pinFlags(wrong)).toContain('user PIN count low');
      for (let time = 0; time < 5; time += 1)
        await expect(Pkcs11Signer.open(wrong)).rejects.toThrow(/Certline tries no PIN twice/);
      expect(pinFlags(wrong)).not.toContain('final user PIN try');
      writeFileSync(wrong.pinFile, `${PIN}\n`);
      const signer = await Pkcs11Signer.open(wrong);
      await signer.probe();
      await signer.close();
      expect(existsSync(wrong.refusalFile)).toBe(false);
    });

    it('goes on without a restart once the PIN file is corrected, and tries no PIN twice before', async () => {
      const changed = makeToken(folder, 'changed-pin');
      onTestFinished(() => useToken(key));
      const signer = await Pkcs11Signer.open(changed);
      const sign = () => signer.sign(Buffer.from([1]));
      await sign();
      writeFileSync(changed.pinFile, '000000\n');
      killChildren();
      await expect(sign()).rejects.toThrow(code('CA_UNAVAILABLE'));
      await expect(sign()).rejects.toThrow(code('TOKEN_PIN_REFUSED'));
      for (let time = 0; time < 5; time += 1) await expect(sign()).rejects.toThrow(code('TOKEN_PIN_REFUSED'));
      expect(pinFlags(changed)).not.toContain('final user PIN try');
      writeFileSync(changed.pinFile, `${PIN}\n`);
      expect(await sign()).toHaveLength(64);
      await signer.close();
    });

    it('tries a PIN again that the token refused, once its refusal is forgotten by hand', async () => {
      const faulty = makeToken(folder, 'refused-once');
      onTestFinished(() => useToken(key));
      rememberRefused(faulty.refusalFile, PIN);
      await expect(Pkcs11Signer.open(faulty)).rejects.toThrow(
        `correct ${faulty.pinFile}, or, if the PIN is right, type "certline ca retry-pin"`,
      );
      rmSync(faulty.refusalFile);
      const signer = await Pkcs11Signer.open(faulty);
      await signer.probe();
      await signer.close();
    });

    it('whose token hangs says so, and works again when the token does', async () => {
      const module = join(folder, 'hanging-token.so');
      execFileSync('gcc', [
        '-shared',
        '-fPIC',
        '-o',
        module,
        join(import.meta.dirname, 'hanging-token.c'),
        '-ldl',
      ]);
      const hang = join(folder, 'hang');
      process.env['HANG_FILE'] = hang;
      onTestFinished(() => void delete process.env['HANG_FILE']);
      const signer = await Pkcs11Signer.open({ ...key, module }, 1_500);
      await signer.probe();
      writeFileSync(hang, '');
      let turns = 0;
      const turning = setInterval(() => (turns += 1), 5);
      const stuck = [1, 2, 3].map((n) => signer.sign(Buffer.from([n])));
      for (const each of stuck) await expect(each).rejects.toThrow(code('CA_UNAVAILABLE', 'hung'));
      clearInterval(turning);
      expect(turns).toBeGreaterThan(20);
      rmSync(hang);
      await expect
        .poll(
          () =>
            signer.probe().then(
              () => true,
              () => false,
            ),
          { timeout: 20_000 },
        )
        .toBe(true);
      await signer.close();
    });
  },
);
