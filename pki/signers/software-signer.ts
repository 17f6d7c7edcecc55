import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ecdsaSign } from '../x509/ecdsa.ts';
import { fixedLengthSignature } from '../x509/p256.ts';
import { closedSigner, probeSigner } from './probe-signer.ts';
import type { Signer } from './signer.ts';

/** A signer over a P-256 private key in this process. */
export class SoftwareSigner implements Signer {
  readonly id: string;
  readonly spki: Uint8Array;
  #privateKey: KeyObject | undefined;

  constructor(id: string, privateKey: KeyObject) {
    this.id = id;
    this.#privateKey = privateKey;
    this.spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  }

  async sign(message: Uint8Array): Promise<Uint8Array> {
    if (this.#privateKey === undefined) throw closedSigner(this.id);
    return fixedLengthSignature(await ecdsaSign(message, this.#privateKey));
  }

  async probe(): Promise<void> {
    await probeSigner(this);
  }

  async close(): Promise<void> {
    this.#privateKey = undefined;
  }
}
