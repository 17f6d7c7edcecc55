import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** C2SP signed-note: the signature type of Ed25519, and octets of the key id before each signature. */
const ED25519 = 1;
const KEY_ID_LENGTH = 4;
/** Before the 32 octets of a key in an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_LENGTH = 32;

/** A key under which notes are signed: its name, its 32 octets, and their id among the keys of that name. */
export interface NoteVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
  /** 4 octets. */
  readonly keyId: Uint8Array;
}

/** The verifier of an Ed25519 key, public or private, under this name. */
export function noteVerifierOf(name: string, key: KeyObject): NoteVerifier {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const tagged = taggedKey(publicKey);
  const digest = createHash('sha256').update(`${name}\n`).update(tagged).digest();
  return { name, publicKey, keyId: digest.subarray(0, KEY_ID_LENGTH) };
}

/** Its text form, `name+id+key`, which tools for signed notes take. */
export function verifierText({ name, publicKey, keyId }: NoteVerifier): string {
  return `${name}+${Buffer.from(keyId).toString('hex')}+${taggedKey(publicKey).toString('base64')}`;
}

/** The verifier of a text form; undefined when it is not that of an Ed25519 key. */
export function parseVerifier(text: string): NoteVerifier | undefined {
  const [, name, id, key] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const tagged = strictBase64(key ?? '');
  if (name === undefined || tagged?.length !== 1 + KEY_LENGTH || tagged[0] !== ED25519) return undefined;
  const spki = Buffer.concat([SPKI_PREFIX, tagged.subarray(1)]);
  const verifier = noteVerifierOf(name, createPublicKey({ key: spki, format: 'der', type: 'spki' }));
  return Buffer.from(verifier.keyId).toString('hex') === id ? verifier : undefined;
}

/** A signed note over `text`, which ends with a newline and has no empty line. */
export function signNote(text: string, verifier: NoteVerifier, privateKey: KeyObject): string {
  const signature = Buffer.concat([verifier.keyId, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${verifier.name} ${signature.toString('base64')}\n`;
}

/** The text of a note that this key signed, no matter who else did; undefined where it did not. */
export function openNote(note: string, verifier: NoteVerifier): string | undefined {
  const { text, signatures } = splitNote(note) ?? { text: '', signatures: [] };
  return signatures.some((line) => isSignedBy(line, text, verifier)) ? text : undefined;
}

/** The text of a note and its signatures, one in each text line, not verified; undefined where nothing was signed. */
export function splitNote(note: string): { text: string; signatures: readonly string[] } | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end === -1 || !note.endsWith('\n')) return undefined;
  return { text: note.slice(0, end + 1), signatures: note.slice(end + 2, -1).split('\n') };
}

function isSignedBy(line: string, text: string, { name, publicKey, keyId }: NoteVerifier): boolean {
  const [, signer, base64 = ''] = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const signature = strictBase64(base64);
  if (
    signer !== name ||
    signature === undefined ||
    Buffer.compare(signature.subarray(0, KEY_ID_LENGTH), keyId) !== 0
  )
    return false;
  return verify(null, Buffer.from(text), publicKey, signature.subarray(KEY_ID_LENGTH));
}

/** Base64 in its one form: Node takes bits and characters that say nothing, so that two files could be one note. */
function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function taggedKey(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return Buffer.concat([Uint8Array.of(ED25519), spki.subarray(-KEY_LENGTH)]);
}
