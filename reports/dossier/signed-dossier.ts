import { createHash } from 'node:crypto';
import { parseVerifier, openNote, signNote, splitNote, verifierText } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { hasOwnName } from '../../pki/keys/audit-key.ts';
import type { AuditKey } from '../../pki/keys/audit-key.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Canonical } from './canonical-json.ts';
import { countsOf } from './dossier.ts';
import type { Dossier } from './dossier.ts';
import { DOSSIER_FILE } from './dossier-schema.ts';

/**
 * The file of a dossier: the dossier, a signed note that has its batch and the SHA-256 of its canonical JSON, and the key that
 * signed, which proves nothing by itself.
 */
export function signedDossier(dossier: Dossier, { verifier, privateKey }: AuditKey): string {
  const text = textOf(dossier, canonicalJson(dossier as unknown as Canonical));
  const signature = signNote(text, verifier, privateKey);
  return `${JSON.stringify({ dossier, signature, key: verifierText(verifier) }, undefined, 1)}\n`;
}

/** What was found in the file of a dossier. `key`: the text form of the key that it was verified with. */
export interface DossierFindings {
  readonly batch?: string;
  readonly counts?: Dossier['counts'];
  readonly key?: string;
  /** Sentences; none for a dossier that is whole. */
  readonly problems: readonly string[];
}

/** Verifies the text of a dossier's file, by `trusted` or else by the key that it brings, which a person must compare. */
export function verifyDossier(text: string, trusted: NoteVerifier | undefined): DossierFindings {
  const file = parsed(text);
  if (file === undefined) return { problems: ['The file is not a dossier.'] };
  const { dossier, signed, signature } = file;
  const { batch, counts } = dossier;
  const verifier = trusted ?? ownKey(file.key);
  if (verifier === undefined)
    return { batch, counts, problems: ['The key in the file is not an audit key under its own name.'] };
  const problems = [...signatureProblems(signed, signature, verifier), ...countProblems(dossier)];
  return { batch, counts, key: verifierText(verifier), problems };
}

/** The key in the file, if its name is its own: that of another signer must not be shown for it. */
function ownKey(text: string): NoteVerifier | undefined {
  const verifier = parseVerifier(text);
  return verifier !== undefined && hasOwnName(verifier) ? verifier : undefined;
}

/** What is signed of a dossier, of which `canonical` is the canonical JSON. */
function textOf({ format, batch }: Pick<Dossier, 'format' | 'batch'>, canonical: string): string {
  return `${format}\n${batch}\n${createHash('sha256').update(canonical).digest('hex')}\n`;
}

function signatureProblems(text: string, note: string, verifier: NoteVerifier): string[] {
  const signed = openNote(note, verifier);
  if (signed === undefined) {
    const isOther = splitNote(note) !== undefined;
    return [
      isOther
        ? `The dossier is not signed by ${verifier.name}, or its signature was changed.`
        : 'The dossier has no signature.',
    ];
  }
  return signed === text ? [] : ['The dossier was changed after it was signed.'];
}

function countProblems({ counts, units }: Dossier): string[] {
  const { ordered, passed, failed, errors, held } = counts;
  const isSame = canonicalJson({ ...countsOf(units) }) === canonicalJson({ ...counts });
  if (isSame && passed + failed + errors + held === ordered) return [];
  return ['The counts do not agree with the units.'];
}

/** The file of a dossier. `signed`: what its signature must be over, with members that only a later version knows. */
interface DossierFile {
  readonly dossier: Dossier;
  readonly signed: string;
  readonly signature: string;
  readonly key: string;
}

/** Undefined for what is no dossier in each of its members. */
function parsed(text: string): DossierFile | undefined {
  try {
    const file: unknown = JSON.parse(text);
    const { dossier, signature, key } = DOSSIER_FILE.parse(file);
    const { dossier: whole } = file as { readonly dossier: Canonical };
    return { dossier, signed: textOf(dossier, canonicalJson(whole)), signature, key };
  } catch {
    return undefined;
  }
}
