import type { KeyObject } from 'node:crypto';

/** What building and checking a certificate needs to know of its issuer. */
export interface IssuerFacts {
  /** The issuer's subject as encoded. */
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  readonly publicKey: KeyObject;
  /** Its subject key identifier, 20 octets. */
  readonly keyIdentifier: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Dotted OIDs of what it may certify keys for (extended key usage); undefined where that is not limited. */
  readonly purposes: readonly string[] | undefined;
}
