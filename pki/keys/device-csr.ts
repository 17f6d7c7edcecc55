import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isSerial } from '../../provisioning/serial-number.ts';
import { DER_TAG } from '../x509/der-reader.ts';
import { derBitString, derElement, derInteger, derSequence } from '../x509/der-writer.ts';
import { ECDSA_WITH_SHA256 } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { COMMON_NAME } from '../x509/oids.ts';

/**
 * A PKCS#10 request (RFC 2986) in DER for the unit's serial, 216 to 260 octets. Its subject is for the reader only: the
 * signer takes only the public key from it. Throws NOT_RELEASED for a text that cannot be a serial.
 */
export function buildDeviceCsr(serial: string, spki: Uint8Array, privateKey: KeyObject): Uint8Array {
  if (!isSerial(serial)) {
    throw new PkiError(
      'NOT_RELEASED',
      'The serial for the CSR is not valid: see docs/manifest.md for the allowed characters.',
      {
        reason: 'serial-invalid',
      },
    );
  }
  const attributes = derElement(0xa0);
  const info = derSequence(derInteger(0), subjectOf(serial), spki, attributes);
  const signature = sign('sha256', info, { key: privateKey, dsaEncoding: 'der' });
  return derSequence(info, ECDSA_WITH_SHA256, derBitString(signature));
}

function subjectOf(serial: string): Uint8Array {
  const commonName = derSequence(COMMON_NAME, derElement(DER_TAG.utf8String, Buffer.from(serial, 'ascii')));
  return derSequence(derElement(DER_TAG.set, commonName));
}
