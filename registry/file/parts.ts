import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from '../../disk/errno.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { openNote } from '../../pki/keys/signed-note.ts';
import type { NoteVerifier } from '../../pki/keys/signed-note.ts';
import { DeviceRegistryError } from '../device-registry-error.ts';

/** Where the parts of a registry are. */
export interface PartsPlace {
  /** Of the registry. */
  readonly name: string;
  readonly folder: string;
  /** A copy of the last note, outside of the folder, from which parts are carried away. */
  readonly lastNote: string;
}

/** The last part, after which the next one comes. */
export interface LastPart {
  readonly number: number;
  /** Digest of its note; "none" where there is no part. */
  readonly digest: string;
  /** Its note, where the folder has the rest of the part: a power cut came before the note was written. */
  readonly unwrittenNote?: string;
}

/** Five digits and more: parts stay in order in a list. */
const NOTE_NAME = /^(\d{5,})\.note$/;

/** Numbers of the finished parts in a folder, in order. */
async function partsIn(folder: string): Promise<number[]> {
  return (await namesIn(folder))
    .flatMap((name) => NOTE_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((one, other) => one - other);
}

export function partName(number: number): string {
  return String(number).padStart(5, '0');
}

/**
 * The last part: that of the copy, since parts in the folder may have been carried away, or a newer one in the folder that this host
 * signed, after the copy was restored from a backup. Throws `credentials` where the folder contradicts the copy.
 */
export async function lastPartOf(place: PartsPlace, verifier: () => NoteVerifier): Promise<LastPart> {
  const { folder, lastNote } = place;
  const copy = await readIfThere(lastNote);
  const newest = (await partsIn(folder)).at(-1) ?? 0;
  // A version of Certline without copies wrote them, or the copy is lost.
  if (copy === undefined) return newest === 0 ? { number: 0, digest: 'none' } : await partIn(folder, newest);
  const number = numberIn(copy);
  if (number === undefined) throw damaged(place);
  const there = await readIfThere(noteIn(folder, number));
  if (there !== undefined && there !== copy) throw changed(place, number);
  if (newest > number) {
    const text = openNote(await readFile(noteIn(folder, newest), 'utf8'), verifier()) ?? '';
    if (numberIn(text) !== newest || !text.includes(`\nregistry ${place.name}\n`))
      throw foreign(place, newest);
    return await partIn(folder, newest);
  }
  const isUnwritten = there === undefined && (await namesIn(folder)).includes(`${partName(number)}.ndjson`);
  return { number, digest: sha256(copy), ...(isUnwritten && { unwrittenNote: copy }) };
}

/** Finishes a part. The copy is first: the number of a note that was carried away is never given again. */
export async function writeNote(
  { folder, lastNote }: PartsPlace,
  number: number,
  note: string,
): Promise<void> {
  makeFolder(dirname(lastNote), 0o700);
  await writeWhole(lastNote, 0o600, note);
  await writeWhole(noteIn(folder, number), 0o644, note);
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

async function partIn(folder: string, number: number): Promise<LastPart> {
  return { number, digest: sha256(await readFile(noteIn(folder, number), 'utf8')) };
}

function noteIn(folder: string, number: number): string {
  return join(folder, `${partName(number)}.note`);
}

function numberIn(note: string): number | undefined {
  const [, digits] = /^part (\d{5,})$/m.exec(note) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  });
}

function damaged({ name, lastNote }: PartsPlace): DeviceRegistryError {
  const message = `The registry ${name} cannot continue its parts: ${lastNote} is not a note. Restore that file from a backup.`;
  return new DeviceRegistryError('credentials', message);
}

function changed({ name, folder }: PartsPlace, number: number): DeviceRegistryError {
  const message = `The registry ${name} does not continue its parts: ${noteIn(folder, number)} was changed after it was written. Find out who changed it, then move all parts out of the folder.`;
  return new DeviceRegistryError('credentials', message);
}

function foreign({ name, folder }: PartsPlace, number: number): DeviceRegistryError {
  const message = `The registry ${name} does not continue its parts: ${noteIn(folder, number)} is not a part that this host signed. Find out who wrote it, then move all parts out of the folder.`;
  return new DeviceRegistryError('credentials', message);
}
