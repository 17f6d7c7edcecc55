import type * as Library from 'pkcs11js';
import type { Handle, PKCS11, Pkcs11Error } from 'pkcs11js';
import { PRIME256V1, spkiOfPoint } from '../x509/p256.ts';
import type { Pkcs11Key } from './pkcs11-key.ts';
import { forgetRefused, readPin, rememberRefused, wasRefused } from './pkcs11-pin.ts';

/** CKR_PIN_INCORRECT, _INVALID, _LEN_RANGE, _EXPIRED, _LOCKED (PKCS#11 v2.40 §6.1). */
const PIN_ERRORS: ReadonlySet<number> = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4]);
const CRYPTOKI_ALREADY_INITIALIZED = 0x191;
const USER_ALREADY_LOGGED_IN = 0x100;
/** CKF_USER_PIN_FINAL_TRY and CKF_USER_PIN_LOCKED: a person must look before anything is tried. */
const PIN_FINAL_TRY = 0x20000;
const PIN_LOCKED = 0x40000;

const SIGNATURE_LENGTH = 64;
/** An uncompressed P-256 point, and the same inside an OCTET STRING, as most tokens give it. */
const POINT_LENGTH = 65;
const WRAPPED_POINT_LENGTH = POINT_LENGTH + 2;

/** The token refuses the PIN, or might lock at the next wrong one. */
export class PinRefusedError extends Error {
  override readonly name = 'PinRefusedError';
}

/**
 * One session of a token with one P-256 key, used synchronously: parallel signing on a session fails, and a library
 * that was opened without the locking flag crashes (both measured with SoftHSM2).
 */
export class Pkcs11Session {
  readonly #library: typeof Library;
  readonly #token: PKCS11;
  readonly #session: Handle;
  readonly #privateKey: Handle;
  readonly spki: Uint8Array;

  private constructor(library: typeof Library, token: PKCS11, session: Handle, label: string) {
    this.#library = library;
    this.#token = token;
    this.#session = session;
    this.#privateKey = this.#find(library.CKO_PRIVATE_KEY, label);
    this.spki = this.#publicKey(label);
  }

  /**
   * Opens the library, finds the token, logs in once, finds the key. Throws PinRefusedError, or what the token says.
   */
  static async open(key: Pkcs11Key): Promise<Pkcs11Session> {
    const library = await loadLibrary();
    const token = new library.PKCS11();
    token.load(key.module);
    unless(CRYPTOKI_ALREADY_INITIALIZED, () => token.C_Initialize({ flags: library.CKF_OS_LOCKING_OK }));
    const slot = slotOf(token, key.token);
    const session = token.C_OpenSession(slot, library.CKF_SERIAL_SESSION);
    logIn(library, token, session, key);
    return new Pkcs11Session(library, token, session, key.label);
  }

  /** r and s of the ECDSA signature over a SHA-256 digest, 32 octets each. */
  sign(digest: Uint8Array): Uint8Array {
    this.#token.C_SignInit(this.#session, { mechanism: this.#library.CKM_ECDSA }, this.#privateKey);
    return this.#token.C_Sign(this.#session, Buffer.from(digest), Buffer.alloc(SIGNATURE_LENGTH));
  }

  close(): void {
    this.#token.C_Logout(this.#session);
    this.#token.C_Finalize();
  }

  #find(kind: number, label: string): Handle {
    const template = [
      { type: this.#library.CKA_CLASS, value: kind },
      { type: this.#library.CKA_KEY_TYPE, value: this.#library.CKK_EC },
      { type: this.#library.CKA_LABEL, value: label },
    ];
    this.#token.C_FindObjectsInit(this.#session, template);
    const found = this.#token.C_FindObjects(this.#session, 2);
    this.#token.C_FindObjectsFinal(this.#session);
    const name = kind === this.#library.CKO_PRIVATE_KEY ? 'private' : 'public';
    if (found.length !== 1)
      throw new Error(`${found.length === 0 ? 'no' : 'more than one'} ${name} EC key has the label ${label}`);
    return found[0]!;
  }

  #publicKey(label: string): Uint8Array {
    const publicKey = this.#find(this.#library.CKO_PUBLIC_KEY, label);
    const [parameters, point] = this.#token.C_GetAttributeValue(this.#session, publicKey, [
      { type: this.#library.CKA_EC_PARAMS },
      { type: this.#library.CKA_EC_POINT },
    ]);
    const octets = point!.value;
    if (!PRIME256V1.equals(parameters!.value)) throw new Error(`the key ${label} is not a P-256 key`);
    if (octets.length === POINT_LENGTH) return spkiOfPoint(octets);
    if (octets.length === WRAPPED_POINT_LENGTH) return spkiOfPoint(octets.subarray(2));
    throw new Error(`the key ${label} has no uncompressed point`);
  }
}

/** Loaded where a token is used: it is an optional dependency, compiled where it is installed. */
async function loadLibrary(): Promise<typeof Library> {
  try {
    // A CommonJS module: all of it is the default export too, and Node finds only some of its names.
    return ((await import('pkcs11js')) as unknown as { readonly default: typeof Library }).default;
  } catch (error) {
    throw new Error(
      'the package pkcs11js is not installed: install a C++ compiler and Python, then run npm install again',
      {
        cause: error,
      },
    );
  }
}

function slotOf(token: PKCS11, label: string): Handle {
  const slots = token.C_GetSlotList(true);
  const labels = slots.map((slot) => token.C_GetTokenInfo(slot).label.trimEnd());
  const matching = slots.filter((_slot, index) => labels[index] === label);
  if (matching.length === 1) return matching[0]!;
  throw new Error(
    `${matching.length} tokens have the label ${label}; the labels are: ${labels.join(', ') || 'none'}`,
  );
}

function logIn(library: typeof Library, token: PKCS11, session: Handle, key: Pkcs11Key): void {
  const { flags } = token.C_GetTokenInfo(slotOf(token, key.token));
  if ((flags & (PIN_FINAL_TRY | PIN_LOCKED)) !== 0)
    throw new PinRefusedError(
      'its PIN is locked, or has one attempt left, which Certline leaves to a person',
    );
  const pin = readPin(key.pinFile);
  if (wasRefused(key.refusalFile, pin))
    throw new PinRefusedError(
      `it refused this PIN before, and Certline tries no PIN twice: correct ${key.pinFile}, or, if the PIN is right, type "certline ca retry-pin"`,
    );
  try {
    unless(USER_ALREADY_LOGGED_IN, () => token.C_Login(session, library.CKU_USER, pin));
  } catch (error) {
    if (!PIN_ERRORS.has((error as Pkcs11Error).code)) throw error;
    rememberRefused(key.refusalFile, pin);
    throw new PinRefusedError(`it refuses the PIN (${(error as Error).message}): correct ${key.pinFile}`);
  }
  forgetRefused(key.refusalFile);
}

/** Runs a call for which one result of the library is no failure. */
function unless(harmless: number, call: () => void): void {
  try {
    call();
  } catch (error) {
    if ((error as Pkcs11Error).code !== harmless) throw error;
  }
}
