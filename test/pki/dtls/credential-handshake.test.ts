import { describe, expect, it } from 'vitest';
import {
  buildDeviceTbs,
  notBeforeOf,
  randomCertificateSerial,
} from '../../../pki/certificate/device-certificate.ts';
import { gateCsr } from '../../../pki/signing/csr-gate.ts';
import { pemOf } from '../../../pki/x509/pem.ts';
import { PROFILE } from '../acme.ts';
import { makeCa, signTbs } from '../leaf.ts';
import { fileIn } from '../openssl.ts';
import { makeLine, release, requestFor } from '../signing/signing-line.ts';
import { deliver } from './delivered-credential.ts';
import type { Credential, Delivery } from './delivered-credential.ts';
import { MBEDTLS_CLIENT, OPENSSL_CLIENT } from './dtls-clients.ts';
import { CIPHER_SUITE, makeServerIdentity } from './dtls-server.ts';
import { handshake, NO_SERVER, runClient } from './handshake.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const place = { folder, identity: makeServerIdentity(folder) };
const ca = await makeCa(folder);
const [icaPath, rootPath] = ca.chain.map((der, index) =>
  fileIn(folder, `ca-${index}.pem`, pemOf('CERTIFICATE', der)),
) as [string, string];
/** The factory CA and its root are known to the cloud: the usual case. */
const CHAIN_KNOWN = ['-CAfile', ca.chainPath];
const ROOT_KNOWN = ['-CAfile', rootPath];
const ICA_TRUSTED = ['-CAfile', icaPath, '-partial_chain'];

const line = makeLine(folder, ca);
await release(line, ['ACME-1', 'ACME-2', 'ACME-3']);

/** Issued as any unit's. */
function ours(serial: string): Delivery {
  const certify: Delivery['certify'] = async ({ csr, boardId }) =>
    (await line.issuer.issue(requestFor(serial, { csr, boardId }))).certificate;
  return { serial, certify };
}

/** Signed by a CA that says all that ours says, its name and key identifier included, but has another key. */
function impostors(serial: string): Delivery {
  const certify: Delivery['certify'] = async ({ csr }) => {
    const { signer } = await makeCa(folder);
    const certificateSerial = randomCertificateSerial();
    const notBefore = notBeforeOf(new Date(), ca.facts);
    const terms = { serial, spki: (await gateCsr(csr)).spki, certificateSerial, notBefore };
    return await signTbs({ ...ca, signer }, await buildDeviceTbs(terms, PROFILE, ca.facts));
  };
  return { serial, certify };
}

const [[unit, neighbour, impostor], [pkcs8Unit]] = (await Promise.all([
  deliver('sec1', ca.chain, [ours('ACME-1'), ours('ACME-2'), impostors('ACME-9')]),
  deliver('pkcs8', ca.chain, [ours('ACME-3')]),
])) as [[Credential, Credential, Credential], [Credential]];

/** The server takes the device for the unit that was ordered, and gets its message. */
function welcomed(serial: string): object {
  const subject = `O = ${PROFILE.organization}, serialNumber = ${serial}, CN = ${serial}`;
  return { status: 0, subject, cipherSuite: CIPHER_SUITE, received: true };
}

/** Both say why, and nothing is received. */
function refused(server: RegExp, client: RegExp): object {
  return {
    status: 1,
    subject: undefined,
    received: false,
    server: expect.stringMatching(server),
    client: expect.stringMatching(client),
  };
}

describe.for([OPENSSL_CLIENT, MBEDTLS_CLIENT])('what is on a board, used by $name', (client) => {
  const { says } = client;

  it.for([
    ['SEC1', 'ACME-1', unit],
    ['PKCS#8', 'ACME-3', pkcs8Unit],
  ] as const)('is welcome with a %s key, under the name of the unit', async ([, serial, made], { skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    expect(await handshake(place, client, made, CHAIN_KNOWN)).toMatchObject(welcomed(serial));
  });

  it('is refused when another CA of the same name signed it', async ({ skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    const failure = refused(/^verify error:num=7:certificate signature failure$/m, says.alert(51));
    expect(await handshake(place, client, impostor, CHAIN_KNOWN)).toMatchObject(failure);
  });

  it.for([
    ['key is cut off', { key: unit.key.subarray(0, 96) }, says.badKey],
    ['certificate is cut off', { certificate: unit.certificate.subarray(0, 200) }, says.badCertificate],
    ['key is PEM', { key: Buffer.from(pemOf('EC PRIVATE KEY', unit.key)) }, says.badKey],
    [
      'certificate is PEM',
      { certificate: Buffer.from(pemOf('CERTIFICATE', unit.certificate)) },
      says.badCertificate,
    ],
  ] as const)('cannot be read when the %s', async ([, change, complaint], { skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    const { status, log } = await runClient(place, client, NO_SERVER, { ...unit, ...change });
    expect(log).toMatch(complaint);
    expect(status).toBe(1);
  });

  it('is refused when the server knows the root alone, and the factory CA is not sent', async ({ skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    const failure = refused(/^verify error:num=20:unable to get local issuer certificate$/m, says.alert(48));
    expect(await handshake(place, client, unit, ROOT_KNOWN)).toMatchObject(failure);
  });

  it('is welcome when the server trusts the factory CA without its root', async ({ skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    expect(await handshake(place, client, unit, ICA_TRUSTED)).toMatchObject(welcomed('ACME-1'));
  });

  it('is welcome when the server knows the root alone, and the factory CA is sent', async ({ skip }) => {
    if (client.missing !== undefined) skip(client.missing);
    const sent = { ...unit, chain: icaPath };
    expect(await handshake(place, client, sent, ROOT_KNOWN)).toMatchObject(welcomed('ACME-1'));
  });
});

describe('the key of one board with the certificate of another', () => {
  const mixed = { key: neighbour.key, certificate: unit.certificate };

  it('is noticed by openssl s_client before it sends anything', async () => {
    const { status, log } = await runClient(place, OPENSSL_CLIENT, NO_SERVER, mixed);
    expect(log).toMatch(/key values mismatch/);
    expect(status).toBe(1);
  });

  it('is sent by mbedTLS, and the server refuses the signature', async ({ skip }) => {
    if (MBEDTLS_CLIENT.missing !== undefined) skip(MBEDTLS_CLIENT.missing);
    const failure = refused(/tls_process_cert_verify:bad signature/, MBEDTLS_CLIENT.says.alert(51));
    expect(await handshake(place, MBEDTLS_CLIENT, mixed, CHAIN_KNOWN)).toMatchObject(failure);
  });
});
