import { createHash } from 'node:crypto';
import { parseVerifier, openNote, signNote, splitNote, verifierText } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import type { AuditKey } from '../../pki/keys/audit-key.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Canonical } from './canonical-json.ts';
import { countsOf } from './dossier.ts';
import type { Dossier } from './dossier.ts';

/**
 * The file of a dossier: the dossier, a signed note that has its batch and the SHA-256 of its canonical JSON, and the key that
 * signed, which proves nothing by itself.
 */
export function signedDossier(dossier: Dossier, { verifier, privateKey }: AuditKey): string {
  const signature = signNote(textOf(dossier), verifier, privateKey);
  return `${JSON.stringify({ dossier, signature, key: verifierText(verifier) }, undefined, 1)}\n`;
}

/** What was found in the file of a dossier. `key`: name of the key that signed, absent where none that is known did. */
export interface DossierFindings {
  readonly batch?: string;
  readonly counts?: Dossier['counts'];
  readonly key?: string;
  /** Sentences; none for a dossier that is whole. */
  readonly problems: readonly string[];
}

/** Verifies the text of a dossier's file, by `trusted` or else by the key that it names itself. */
export function verifyDossier(text: string, trusted: NoteVerifier | undefined): DossierFindings {
  const file = parsed(text);
  if (file === undefined) return { problems: ['The file is not a dossier.'] };
  const { dossier, signature } = file;
  const verifier = trusted ?? parseVerifier(file.key);
  const problems = [...signatureProblems(dossier, signature, verifier), ...countProblems(dossier)];
  const { batch, counts } = dossier;
  return { batch, counts, ...(verifier && { key: verifier.name }), problems };
}

function textOf(dossier: Dossier): string {
  const digest = createHash('sha256')
    .update(canonicalJson(dossier as unknown as Canonical))
    .digest('hex');
  return `${dossier.format}\n${dossier.batch}\n${digest}\n`;
}

function signatureProblems(dossier: Dossier, note: string, verifier: NoteVerifier | undefined): string[] {
  if (verifier === undefined) return ['The key in the file is not an audit key.'];
  const signed = openNote(note, verifier);
  if (signed === undefined) {
    const isOther = splitNote(note) !== undefined;
    return [
      isOther
        ? `The dossier is not signed by ${verifier.name}, or its signature was changed.`
        : 'The dossier has no signature.',
    ];
  }
  return signed === textOf(dossier) ? [] : ['The dossier was changed after it was signed.'];
}

function countProblems({ counts, units }: Dossier): string[] {
  const { ordered, passed, failed, errors, held } = counts;
  const isSame = canonicalJson({ ...countsOf(units) }) === canonicalJson({ ...counts });
  if (isSame && passed + failed + errors + held === ordered) return [];
  return ['The counts do not agree with the units.'];
}

interface DossierFile {
  readonly dossier: Dossier;
  readonly signature: string;
  readonly key: string;
}

/** Undefined unless everything that verification reads is there. */
function parsed(text: string): DossierFile | undefined {
  try {
    const file = JSON.parse(text) as DossierFile;
    const { dossier, signature, key } = file;
    const isFile = typeof signature === 'string' && typeof key === 'string' && Array.isArray(dossier.units);
    if (!isFile || dossier.format !== 'certline-dossier-v1' || typeof dossier.batch !== 'string')
      return undefined;
    textOf(dossier);
    return typeof dossier.counts === 'object' && dossier.counts !== null ? file : undefined;
  } catch {
    return undefined;
  }
}
