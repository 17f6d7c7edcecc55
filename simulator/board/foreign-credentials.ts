// Credentials that some other line put on a board: a key of its own and a certificate of an issuer nobody here knows.

import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const head =
    body.length < 128 ? [tag, body.length] : body.length < 256 ? [tag, 0x81, body.length] : undefined;
  return Buffer.concat([Buffer.from(head ?? [tag, 0x82, body.length >> 8, body.length & 0xff]), body]);
}

const SEQUENCE = 0x30;
const ECDSA_WITH_SHA256 = der(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');

function name(commonName: string): Buffer {
  return der(SEQUENCE, der(0x31, der(SEQUENCE, COMMON_NAME, der(0x0c, Buffer.from(commonName)))));
}

function time(text: string): Buffer {
  return der(0x17, Buffer.from(text));
}

/** A fresh P-256 key (SEC1 DER) and a self-signed X.509 v1 certificate (DER) that belongs to it. */
export function makeForeignCredentials(): { readonly key: Buffer; readonly certificate: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const owner = name(`ELSEWHERE-${randomBytes(4).toString('hex')}`);
  const toBeSigned = der(
    SEQUENCE,
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    owner,
    der(SEQUENCE, time('240101000000Z'), time('440101000000Z')),
    owner,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', toBeSigned, privateKey)]);
  return {
    key: privateKey.export({ type: 'sec1', format: 'der' }),
    certificate: der(SEQUENCE, toBeSigned, ECDSA_WITH_SHA256, der(0x03, signature)),
  };
}
