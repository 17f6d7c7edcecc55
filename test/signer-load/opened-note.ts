import { createPublicKey, verify } from 'node:crypto';

/** Before the 32 octets of a key in an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_ID_LENGTH = 4;

/** The text of a signed note (C2SP signed-note) if one of these keys (`name+id+key`) signed it; else undefined. */
export function openedNote(note: string, keys: readonly string[]): string | undefined {
  const [, text, signatures = ''] = /^([^]*\n)\n((?:— [^\n]+\n)+)$/.exec(note) ?? [];
  if (text === undefined) return undefined;
  const isSigned = keys.some((key) => {
    const [, name, , base64 = ''] = /^([^+]+)\+([^+]+)\+(.+)$/.exec(key) ?? [];
    const spki = Buffer.concat([SPKI_PREFIX, Buffer.from(base64, 'base64').subarray(1)]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return signatures
      .split('\n')
      .filter((line) => line.startsWith(`— ${name} `))
      .map((line) => Buffer.from(line.split(' ')[2]!, 'base64').subarray(KEY_ID_LENGTH))
      .some((signature) => verify(null, Buffer.from(text), publicKey, signature));
  });
  return isSigned ? text : undefined;
}
