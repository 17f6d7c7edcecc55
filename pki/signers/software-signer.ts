import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ecdsaSign } from '../x509/ecdsa.ts';
import { fixedLengthSignature } from '../x509/p256.ts';
import { PkiError } from '../pki-error.ts';
import type { Signer } from './signer.ts';

const PROBE_MESSAGE = Buffer.from('certline signer probe');

/** A signer over a P-256 private key in this process. */
export class SoftwareSigner implements Signer {
  readonly id: string;
  readonly spki: Uint8Array;
  #privateKey: KeyObject | undefined;
  readonly #publicKey: KeyObject;

  constructor(id: string, privateKey: KeyObject) {
    this.id = id;
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.spki = this.#publicKey.export({ format: 'der', type: 'spki' });
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#privateKey === undefined) {
      throw new PkiError('CA_UNAVAILABLE', `The signer ${this.id} is closed: start it again.`, {
        reason: 'closed',
      });
    }
    return fixedLengthSignature(await ecdsaSign(message, this.#privateKey));
  }

  async probe(): Promise<void> {
    const signature = await this.sign(PROBE_MESSAGE);
    if (verify('sha256', PROBE_MESSAGE, { key: this.#publicKey, dsaEncoding: 'ieee-p1363' }, signature))
      return;
    throw new PkiError('CA_UNAVAILABLE', `The signer ${this.id} made a signature that does not verify.`, {
      reason: 'probe',
    });
  }

  async close(): Promise<void> {
    this.#privateKey = undefined;
  }
}
