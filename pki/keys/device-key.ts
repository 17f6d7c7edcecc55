import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { KeyEncoding } from '../../provisioning/product.ts';
import { buildDeviceCsr } from './device-csr.ts';
import { sha256Hex } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import { SecretBytes } from './secret-bytes.ts';

/**
 * A P-256 key pair that lives in OpenSSL's memory (its locked heap, when Node runs with `--secure-heap`) until it is
 * destroyed. Use after `destroy` throws SECRET_MISUSED.
 */
export class DeviceKey {
  #privateKey: KeyObject | undefined;
  readonly #spki: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;

  constructor(privateKey: KeyObject, publicKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#spki = publicKey.export({ format: 'der', type: 'spki' });
    this.spkiSha256 = sha256Hex(this.#spki);
  }

  /** A PKCS#10 request in DER, signed by this key. */
  createCsr(subject: { readonly serial: string }): Uint8Array {
    return buildDeviceCsr(subject.serial, this.#spki, this.#key());
  }

  /** The bytes of the key file, unencrypted DER: 121 octets of SEC1 or 138 of PKCS#8. The caller wipes them. */
  exportKeyFile(encoding: KeyEncoding): SecretBytes {
    return new SecretBytes(this.#key().export({ format: 'der', type: encoding }));
  }

  /** Releases the key; OpenSSL overwrites it when the garbage collector frees the handle. */
  destroy(): void {
    this.#privateKey = undefined;
  }

  #key(): KeyObject {
    if (this.#privateKey === undefined)
      throw new PkiError('SECRET_MISUSED', 'The device key was used after it was destroyed.');
    return this.#privateKey;
  }
}

/** A fresh P-256 key from OpenSSL's generator. */
export function generateDeviceKey(): DeviceKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return new DeviceKey(privateKey, publicKey);
}
