import { generateKeyPairSync } from 'node:crypto';
import { leafExtensions, randomCertificateSerial } from '../certificate/device-certificate.ts';
import type { IssuingCa } from '../ca/issuing-ca.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import type { Withdrawals } from './withdrawals.ts';
import { assembleCertificate, buildTbs } from '../x509/tbs-builder.ts';
import { OID } from '../x509/oids.ts';

/** AWS gives 64 hex digits, Azure 48; a common name has room for 64 characters. */
const CODE = /^[A-Za-z0-9._-]{8,64}$/;
const HOUR_MS = 3_600_000;
/** Clouds look at once, or within some days. */
const VALIDITY_MS = 30 * 24 * HOUR_MS;

/**
 * A certificate, DER, by which a cloud sees that we have the CA's key: its common name is the code that the cloud gave.
 * Its own key is forgotten before this returns, so nobody can ever use it as a device's. Recorded before it is signed.
 * Throws REQUEST_CONFLICT when the code is none, or is a unit's serial.
 */
export async function proveOwnership(ca: IssuingCa, ledger: Withdrawals, code: string): Promise<Uint8Array> {
  if (!CODE.test(code)) {
    const message =
      'The code is not valid: copy it as the cloud shows it, 8 to 64 letters, digits and . _ -.';
    throw new PkiError('REQUEST_CONFLICT', message, { reason: 'code' });
  }
  const tbs = await proofTbs(ca, code);
  await ledger.recordOwnershipProof(code, sha256Hex(tbs));
  return assembleCertificate(tbs, await ca.signer.sign(tbs, { requestId: `ownership-proof/${code}` }));
}

function proofTbs({ facts }: IssuingCa, code: string): Promise<Uint8Array> {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  return buildTbs({
    certificateSerial: randomCertificateSerial(),
    subject: [{ [OID.commonName]: [{ utf8String: code }] }],
    issuer: facts.subject,
    spki,
    notBefore: new Date(Math.max(now - HOUR_MS, facts.notBefore.getTime())),
    notAfter: new Date(Math.min(now + VALIDITY_MS, facts.notAfter.getTime())),
    extensions: leafExtensions(spki, facts, [OID.clientAuth]),
  });
}
