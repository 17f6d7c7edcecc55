/** How key material was written where it was found. */
export type KeyMaterialForm = 'pem' | 'der' | 'base64' | 'hex' | 'json-numbers' | 'jwk';

/**
 * One thing to search for. Any of `prefixes` betrays key material; all of them end in `core`, so that one fast search
 * for the core finds every candidate.
 */
export interface KeyMaterialPattern {
  readonly form: KeyMaterialForm;
  readonly core: Buffer;
  readonly prefixes: readonly Buffer[];
}

/** Bytes that open a private key, and how many of the first ones differ between the prefixes of a group. */
interface PrefixGroup {
  readonly form: KeyMaterialForm;
  readonly prefixes: readonly Buffer[];
  readonly lead: number;
}

/**
 * ECPrivateKey (RFC 5915) of P-256: SEQUENCE, INTEGER 1, OCTET STRING of 32. The lengths are those of a key with
 * neither curve nor public key, with the curve, with the public key (the inside of every PKCS#8 file), with both.
 */
const EC_PRIVATE_KEY: PrefixGroup = {
  form: 'der',
  prefixes: ['25', '31', '6b', '77'].map((length) => Buffer.from(`30${length}0201010420`, 'hex')),
  lead: 2,
};

/** PKCS#8 of an Ed25519 key (RFC 8410 §7): the OID 1.3.101.112, then OCTET STRING of OCTET STRING of 32. */
const ED25519_PRIVATE_KEY: PrefixGroup = {
  form: 'der',
  prefixes: [Buffer.from('06032b657004220420', 'hex')],
  lead: 0,
};

/** The end of every PEM label that names a private key (RFC 7468 §10, and the older EC, RSA, OPENSSH labels). */
const PEM_LABEL: PrefixGroup = { form: 'pem', prefixes: [Buffer.from('PRIVATE KEY-----')], lead: 0 };

const GROUPS = [EC_PRIVATE_KEY, ED25519_PRIVATE_KEY, PEM_LABEL];

/** Every spelling of every group: as it is, in hex of four kinds, and in base64 and base64url at three alignments. */
export const KEY_MATERIAL_PATTERNS: readonly KeyMaterialPattern[] = withoutRepeats(
  GROUPS.flatMap((group) => [
    { form: group.form, core: tail(group, 0), prefixes: group.prefixes },
    ...[lowerHex, upperHex, spacedHex, colonHex].map((spell) => inHex(group, spell)),
    ...(['base64', 'base64url'] as const).flatMap((alphabet) =>
      [0, 1, 2].map((alignment) => inBase64(group, alphabet, alignment)),
    ),
  ]),
);

/** The values that follow the leading 48 in a number array of EC_PRIVATE_KEY, the length octet apart. */
export const EC_PRIVATE_KEY_NUMBERS = {
  lengths: new Set(EC_PRIVATE_KEY.prefixes.map((prefix) => prefix[1])),
  core: [...tail(EC_PRIVATE_KEY, 0)],
};

function tail(group: PrefixGroup, index: number): Buffer {
  return (group.prefixes[index] ?? Buffer.alloc(0)).subarray(group.lead);
}

function inHex(group: PrefixGroup, spell: (bytes: Buffer) => string): KeyMaterialPattern {
  return {
    form: 'hex',
    core: Buffer.from(spell(tail(group, 0))),
    prefixes: group.prefixes.map((prefix) => Buffer.from(spell(prefix))),
  };
}

function lowerHex(bytes: Buffer): string {
  return bytes.toString('hex');
}

function upperHex(bytes: Buffer): string {
  return lowerHex(bytes).toUpperCase();
}

/** As Node prints a Buffer, in an error message for instance. */
function spacedHex(bytes: Buffer): string {
  return (lowerHex(bytes).match(/../g) ?? []).join(' ');
}

/** As OpenSSL prints a key. */
function colonHex(bytes: Buffer): string {
  return spacedHex(bytes).replaceAll(' ', ':');
}

/**
 * The characters that are certain when the prefix starts `alignment` octets into a group of three: those whose six bits
 * all belong to it.
 */
function inBase64(
  group: PrefixGroup,
  alphabet: 'base64' | 'base64url',
  alignment: number,
): KeyMaterialPattern {
  const spell = (prefix: Buffer, skipped: number): Buffer => {
    const text = Buffer.concat([Buffer.alloc(alignment), prefix]).toString(alphabet);
    const first = Math.ceil(((alignment + skipped) * 8) / 6);
    const end = Math.floor(((alignment + prefix.length) * 8) / 6);
    return Buffer.from(text.slice(first, end));
  };
  return {
    form: 'base64',
    core: spell(group.prefixes[0] ?? Buffer.alloc(0), group.lead),
    prefixes: group.prefixes.map((prefix) => spell(prefix, 0)),
  };
}

/** Patterns with one core become one: hex in lower and upper case share cores that have no letter. */
function withoutRepeats(patterns: readonly KeyMaterialPattern[]): KeyMaterialPattern[] {
  const byCore = new Map<string, KeyMaterialPattern>();
  for (const pattern of patterns) {
    const key = pattern.core.toString('latin1');
    const known = byCore.get(key)?.prefixes ?? [];
    const fresh = pattern.prefixes.filter((prefix) => !known.some((other) => other.equals(prefix)));
    byCore.set(key, { ...pattern, prefixes: [...known, ...fresh] });
  }
  return [...byCore.values()];
}
