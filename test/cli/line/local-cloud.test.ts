import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { LocalCloud, LOCAL_CLOUD_NAME } from '../../../cli/line/local-cloud.ts';
import {
  buildDeviceTbs,
  notBeforeOf,
  randomCertificateSerial,
} from '../../../pki/certificate/device-certificate.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { PROFILE } from '../../pki/acme.ts';
import { freshTbs, makeCa, signTbs } from '../../pki/leaf.ts';
import { openssl } from '../../pki/openssl.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('lets a device in by its name, and nobody who has no certificate, one of another root, or the key of another', async () => {
  const folder = temporaryFolder();
  const ca = await makeCa(folder);
  const cloud = await LocalCloud.start(ca.chain);
  onTestFinished(() => cloud.close());
  const connects = (identity: { readonly key?: string; readonly cert?: string }): Promise<boolean> =>
    new Promise((resolve) => {
      const address = { host: '127.0.0.1', port: cloud.port, servername: LOCAL_CLOUD_NAME };
      try {
        request({ ...address, ...identity, ca: cloud.certificate, agent: false, method: 'POST' }, (answer) =>
          resolve(answer.resume().statusCode === 204),
        )
          .once('error', () => resolve(false))
          .end();
      } catch {
        resolve(false);
      }
    });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const terms = {
    certificateSerial: randomCertificateSerial(),
    notBefore: notBeforeOf(new Date(), ca.facts),
  };
  const own = await signTbs(ca, await buildDeviceTbs({ ...terms, serial: 'CL-2', spki }, PROFILE, ca.facts));
  const other = await signTbs(ca, await freshTbs(ca, 'CL-1'));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const impostor = openssl('req', '-x509', ...curve, '-subj', '/CN=CL-1', '-keyout', '-').toString();
  expect(impostor).toContain('PRIVATE KEY');
  expect(await connects({})).toBe(false);
  expect(await connects({ key: impostor, cert: impostor })).toBe(false);
  expect(await connects({ key, cert: pemOf('CERTIFICATE', other) })).toBe(false);
  expect([...cloud.devices]).toEqual([]);
  expect(await connects({ key, cert: pemOf('CERTIFICATE', own) })).toBe(true);
  expect([...cloud.devices]).toEqual([['CL-2', createHash('sha256').update(own).digest('hex')]]);
});
