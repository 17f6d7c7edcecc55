import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

// Both take a bare key, since Node takes one inside an object half as fast; signatures are in DER then. With a callback
// the work of some 65 µs is done on a thread of Node's pool, while this one takes care of other requests.

/** ECDSA over SHA-256 of `message`, in DER. */
export function ecdsaSign(message: Uint8Array, privateKey: KeyObject): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    sign('sha256', message, privateKey, (error, signature) =>
      error === null ? resolve(signature) : reject(error),
    );
  });
}

/** Whether the ECDSA signature in DER is one over SHA-256 of `message`; false for anything malformed. */
export function ecdsaVerify(
  message: Uint8Array,
  publicKey: KeyObject,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    verify('sha256', message, publicKey, signature, (error, isSigned) =>
      error === null ? resolve(isSigned) : reject(error),
    );
  });
}
