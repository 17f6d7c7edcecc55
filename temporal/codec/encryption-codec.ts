import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
// A CommonJS module whose names Node cannot see.
import proto from '@temporalio/proto';
import type { PayloadKey } from './payload-keys.ts';

const { Payload: ProtoPayload } = proto.temporal.api.common.v1;

/** The encoding that Temporal's own samples of an encrypting codec use. */
const ENCODING = Buffer.from('binary/encrypted');
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
/** NIST SP 800-38D §8.2: 96 bits. */
const NONCE_BYTES = 12;
/** NIST SP 800-38D §5.2.1.2: the longest tag. */
const TAG_BYTES = 16;

/**
 * Encrypts whole payloads, with their metadata, by AES-256-GCM under the first key. The data of an encrypted payload is
 * nonce (12 octets), ciphertext, tag (16). It leaves alone what is not encrypted, so that earlier histories stay
 * readable, and what it cannot decrypt: the reader of the payload then meets an unknown encoding and refuses it.
 */
export class EncryptionCodec implements PayloadCodec {
  readonly #current: PayloadKey;
  readonly #byId: ReadonlyMap<string, PayloadKey>;

  /** At least one key. */
  constructor(keys: readonly PayloadKey[]) {
    const [current] = keys;
    if (current === undefined) throw new RangeError('no key to encrypt with');
    this.#current = current;
    this.#byId = new Map(keys.map((key) => [key.id, key]));
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#encrypt(payload));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#decrypt(payload));
  }

  #encrypt(payload: Payload): Payload {
    const { id, key } = this.#current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(id));
    const plain = ProtoPayload.encode(payload).finish();
    const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { metadata: { encoding: ENCODING, [KEY_ID]: Buffer.from(id) }, data };
  }

  #decrypt(payload: Payload): Payload {
    const { metadata, data } = payload;
    if (!ENCODING.equals(metadata?.['encoding'] ?? Buffer.alloc(0))) return payload;
    const id = Buffer.from(metadata?.[KEY_ID] ?? []).toString();
    const found = this.#byId.get(id);
    if (found === undefined || !data || data.length < NONCE_BYTES + TAG_BYTES) return payload;
    try {
      const decipher = createDecipheriv(CIPHER, found.key, data.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(id));
      decipher.setAuthTag(data.subarray(-TAG_BYTES));
      const plain = [decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return ProtoPayload.decode(Buffer.concat(plain));
    } catch {
      // Changed on its way, or made by somebody without the key.
      return payload;
    }
  }
}
