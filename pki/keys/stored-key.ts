import { createPrivateKey, createPublicKey } from 'node:crypto';
import { DeviceKey } from './device-key.ts';
import { encodingOfKeyFile, publicKeyOfKeyFile } from './key-file.ts';

/**
 * The key in a file that was read back from a device, to sign with. OpenSSL copies it; the caller wipes `der` and destroys
 * the key. Throws KEY_FILE_INVALID.
 */
export function openStoredKey(der: Uint8Array): DeviceKey {
  // OpenSSL would take a file whose public key is damaged.
  publicKeyOfKeyFile(der);
  const key = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const privateKey = createPrivateKey({ key, format: 'der', type: encodingOfKeyFile(der) });
  return new DeviceKey(privateKey, createPublicKey(privateKey));
}
