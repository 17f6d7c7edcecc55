import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate and its key, PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** A CA of its own that makes certificates for `localhost` and 127.0.0.1. */
export interface TlsAuthority {
  readonly cert: string;
  /** `expired`: until yesterday. `name`: instead of those of this host. */
  issue(options?: { readonly expired?: boolean; readonly name?: string }): Promise<TlsPair>;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function pemOf({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
}

export async function newTlsAuthority(name: string): Promise<TlsAuthority> {
  x509.cryptoProvider.set(crypto);
  const keys = await newKeys();
  const now = Date.now();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(now - 9 * DAY_MS),
    notAfter: new Date(now + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    cert: ca.toString('pem'),
    issue: async ({ expired = false, name: other } = {}) => {
      const own = await newKeys();
      const names: x509.JsonGeneralNames =
        other === undefined
          ? [
              { type: 'dns', value: 'localhost' },
              { type: 'ip', value: '127.0.0.1' },
            ]
          : [{ type: 'dns', value: other }];
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: '02',
        subject: 'CN=listener',
        issuer: ca.subject,
        notBefore: new Date(now - 8 * DAY_MS),
        notAfter: new Date(now + (expired ? -DAY_MS : DAY_MS)),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [new x509.SubjectAlternativeNameExtension(names)],
      });
      return { cert: certificate.toString('pem'), key: await pemOf(own) };
    },
  };
}
