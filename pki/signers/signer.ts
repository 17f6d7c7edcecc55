/** For whom a signature is made. */
export interface SigningContext {
  readonly requestId: string;
}

/**
 * Holds a P-256 key and knows nothing of X.509. Signs messages rather than digests, because OpenSSL as Node exposes it
 * cannot sign a digest; tokens and key services hash the message themselves. Implementations throw CA_UNAVAILABLE when
 * the key cannot be used now.
 */
export interface Signer {
  readonly id: string;
  /** SubjectPublicKeyInfo, 91 octets; compared with the CA certificate before the first signature. */
  readonly spki: Uint8Array;
  /** ECDSA over SHA-256 of `message`: r and s, 32 octets each. */
  sign(message: Uint8Array, context: SigningContext): Promise<Uint8Array>;
  /** Signs and verifies a fixed message. Throws CA_UNAVAILABLE. */
  probe(): Promise<void>;
  close(): Promise<void>;
}
