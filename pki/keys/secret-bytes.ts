import { inspect } from 'node:util';
import { PkiError } from '../pki-error.ts';

const REDACTED = '[secret]';

/**
 * Bytes that must never be seen: a private key, a passphrase. Printing shows "[secret]"; JSON and structured clone
 * throw, because a serialiser that got hold of a key is a defect to be heard of, not a value to lose in silence.
 */
export class SecretBytes {
  #bytes: Uint8Array | undefined;
  readonly length: number;
  /** An own function is what the structured clone algorithm cannot copy: it throws DataCloneError. */
  readonly uncloneable = refuseToSerialize;

  /** Takes ownership of `bytes`: the caller keeps no copy, and `wipe` overwrites this very memory. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  /**
   * Lends the bytes to `borrow` and returns its result. `borrow` must neither keep nor copy them beyond its own end, or
   * that of the promise it returns. Throws SECRET_MISUSED after `wipe`.
   */
  use<T>(borrow: (bytes: Uint8Array) => T): T {
    if (this.#bytes === undefined)
      throw new PkiError('SECRET_MISUSED', 'The secret was used after it was wiped.');
    return borrow(this.#bytes);
  }

  /** Overwrites the bytes with zeros and releases them; wiping twice does nothing. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): never {
    return refuseToSerialize();
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

function refuseToSerialize(): never {
  throw new PkiError('SECRET_MISUSED', 'A secret must not be serialised: pass a reference to it instead.');
}
