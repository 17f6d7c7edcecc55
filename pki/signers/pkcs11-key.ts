/** Where a signing key is on a PKCS#11 token, and what opens it. Both keys of the pair carry the label. */
export interface Pkcs11Key {
  /** Path of the token's PKCS#11 library. */
  readonly module: string;
  /** Label of the token. */
  readonly token: string;
  /** Label of the key pair. */
  readonly label: string;
  /** File with the user PIN, which only its owner can read. */
  readonly pinFile: string;
  /** Where it is remembered that the token refused a PIN, so that no restart tries it again. */
  readonly refusalFile: string;
}

/** What goes to the process that holds the token. */
export type Pkcs11Request =
  | { readonly kind: 'open'; readonly key: Pkcs11Key }
  | { readonly kind: 'sign'; readonly id: number; readonly digest: Uint8Array }
  | { readonly kind: 'close' };

/** What comes back. `refused` is about the PIN; `failed` without an id ended the process's work. */
export type Pkcs11Answer =
  | { readonly kind: 'opened'; readonly spki: Uint8Array }
  | { readonly kind: 'signed'; readonly id: number; readonly signature: Uint8Array }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly id?: number; readonly why: string };
