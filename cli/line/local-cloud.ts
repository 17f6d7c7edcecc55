import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { randomCertificateSerial } from '../../pki/certificate/device-certificate.ts';
import { SoftwareSigner } from '../../pki/signers/software-signer.ts';
import { ExtendedKeyUsageExtension } from '../../pki/x509/library.ts';
import { OID } from '../../pki/x509/oids.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { assembleCertificate, buildTbs, encodeName } from '../../pki/x509/tbs-builder.ts';
import type { SubjectAttribute } from '../../pki/x509/tbs-builder.ts';

const DAY_MS = 86_400_000;

/** By this name devices know the cloud. */
export const LOCAL_CLOUD_NAME = 'localhost';

/**
 * The cloud of the demo, on 127.0.0.1: it knows no device beforehand. Who connects with a certificate under the CA that it trusts is
 * a device, by the CN of that certificate; nobody else gets in (mutual TLS).
 */
export class LocalCloud {
  readonly #server: Server;
  /** Its own certificate, PEM, which devices trust. */
  readonly certificate: string;
  /** SHA-256 of the certificate with which each device connected last, by the device's name. */
  readonly devices: ReadonlyMap<string, string>;

  private constructor(server: Server, certificate: string, devices: ReadonlyMap<string, string>) {
    this.#server = server;
    this.certificate = certificate;
    this.devices = devices;
  }

  /** `trusted`: the certificate of the factory CA and those above it, DER. */
  static async start(trusted: readonly Uint8Array[]): Promise<LocalCloud> {
    const { key, certificate } = await newIdentity();
    const devices = new Map<string, string>();
    const ca = trusted.map((der) => pemOf('CERTIFICATE', der));
    const options = { key, cert: certificate, ca, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, ({ socket }, response) => {
      const { subject, raw } = (socket as TLSSocket).getPeerCertificate();
      devices.set(String(subject.CN), createHash('sha256').update(raw).digest('hex'));
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return new LocalCloud(server, certificate, devices);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }
}

/** A self-signed certificate, valid for a day; its key is never written. Both PEM. */
async function newIdentity(): Promise<{ readonly key: string; readonly certificate: string }> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signer = new SoftwareSigner('local cloud', privateKey);
  const subject: SubjectAttribute[] = [{ [OID.commonName]: [{ utf8String: LOCAL_CLOUD_NAME }] }];
  const now = Date.now();
  const tbs = await buildTbs({
    certificateSerial: randomCertificateSerial(),
    subject,
    issuer: encodeName(subject),
    spki: signer.spki,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
    extensions: [new ExtendedKeyUsageExtension([OID.serverAuth], false)],
  });
  const certificate = assembleCertificate(tbs, await signer.sign(tbs));
  return {
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    certificate: pemOf('CERTIFICATE', certificate),
  };
}
