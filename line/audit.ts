import { readFileSync } from 'node:fs';
import { isThere } from '../disk/is-there.ts';
import { errnoOf } from '../disk/errno.ts';
import { SmallFile } from '../disk/small-file.ts';
import { writeWhole, writeWholeSync } from '../disk/write-whole.ts';
import { crlIn } from '../pki/x509/crl-file.ts';
import { readCrl } from '../pki/x509/crl-reader.ts';
import type { Checkpoint } from '../pki/audit/audit-checkpoint.ts';
import { auditKeyDraftPath, draftAuditKey, keepAuditKey, loadAuditKey } from '../pki/keys/audit-key.ts';
import type { AuditKey } from '../pki/keys/audit-key.ts';
import { assertReaches, checkWitness, makeCheckpoint, stale } from '../pki/audit/audit-witness.ts';
import { verifierText } from '../pki/keys/signed-note.ts';
import type { Ledger } from '../pki/ledger/ledger.ts';
import { PkiError } from '../pki/pki-error.ts';
import { RemoteWitness } from './remote-witness.ts';
import type { WitnessPlace } from './remote-witness.ts';
import { auditKeyPath, auditVerifierPath, auditWitnessPath, crlPath } from './state-folder.ts';

/** The audit log of a line, its key, and the file that witnesses how far it had come. */
export interface LineAudit {
  readonly ledger: Ledger;
  readonly key: AuditKey;
  readonly witnessPath: string;
  /** The newest checkpoint that this process made before a signature: a signed note. */
  readonly newest: () => string;
  /** Writes that checkpoint into the witness file. Throws WITNESS_UNAVAILABLE. */
  readonly keepNewest: () => void;
}

export interface LineAuditPlace {
  readonly stateFolder: string;
  readonly ledger: Ledger;
  /** Else in the state folder. */
  readonly witnessFile: string | undefined;
  /** The witness on another host, where one is configured. */
  readonly remote?: WitnessPlace | undefined;
}

/**
 * The audit log of a signer that is about to sign, after checking it against its witnesses; key and witness file are
 * made the first time. From now on the log is witnessed before each signature. Throws LEDGER_STALE when the ledger is
 * older than what was witnessed, or the witness file is gone; AUDIT_KEY_INVALID, WITNESS_UNAVAILABLE.
 */
export async function openLineAudit(place: LineAuditPlace): Promise<LineAudit> {
  const { stateFolder, ledger } = place;
  const audit = { ledger, witnessPath: place.witnessFile ?? auditWitnessPath(stateFolder) };
  if (!isThere(auditKeyPath(stateFolder))) await beginAudit(stateFolder, audit);
  const key = loadAuditKey(auditKeyPath(stateFolder));
  ledger.auditLog.witnessed(await checkWitness(ledger.auditLog, key, readWitness(audit.witnessPath)));
  const remote = place.remote && new RemoteWitness(place.remote, key, ledger.auditLog);
  const { note: first, ...end } = await makeCheckpoint(ledger.auditLog, key, new Date());
  // A head that the other host has signed is in the ledger: this is found out before anything is signed.
  await remote?.witness(end, first);
  let newest = first;
  const file = new SmallFile(audit.witnessPath, 0o644);
  const keep = (note: string): void => writing(audit.witnessPath, () => file.write(note));
  ledger.auditLog.witnessWith(async (head) => {
    const { note } = await makeCheckpoint(ledger.auditLog, key, new Date(), head);
    // The file is behind the other host then, by a minute at most, and that host knows better.
    if (remote === undefined) keep(note);
    else await remote.witness(head, note);
    newest = note;
  });
  return { ...audit, key, newest: () => newest, keepNewest: () => keep(newest) };
}

/**
 * The first start: key, verifier, witness. The key gets its name last, so after a start that was killed
 * the next one begins again, or only has to give the name. Refuses a witness without the key that signed it.
 */
async function beginAudit(
  stateFolder: string,
  { ledger, witnessPath }: Pick<LineAudit, 'ledger' | 'witnessPath'>,
): Promise<void> {
  const path = auditKeyPath(stateFolder);
  assertFirst(stateFolder);
  if (isThere(witnessPath)) {
    if (!isThere(auditKeyDraftPath(path))) return;
    await checkWitness(ledger.auditLog, loadAuditKey(auditKeyDraftPath(path)), readWitness(witnessPath));
  } else {
    const key = draftAuditKey(path);
    await writeWhole(auditVerifierPath(stateFolder), 0o644, `${verifierText(key.verifier)}\n`);
    await witness({ ledger, key, witnessPath });
  }
  keepAuditKey(path);
}

/** A CA that has published a list was used before, and with a new log all orders would count from zero. */
function assertFirst(stateFolder: string): void {
  const path = crlPath(stateFolder);
  if (!isThere(path)) return;
  const { number } = readCrl(crlIn(readFileSync(path)));
  throw stale(
    `the CA has published revocation list ${number}, but the audit log begins again`,
    'begun-again',
  );
}

/** Signs the state of the log now and writes it into the witness file. Throws WITNESS_UNAVAILABLE where that cannot be written. */
export async function witness({
  ledger,
  key,
  witnessPath,
}: Omit<LineAudit, 'newest' | 'keepNewest'>): Promise<Checkpoint & { note: string }> {
  const checkpoint = await makeCheckpoint(ledger.auditLog, key, new Date());
  writing(witnessPath, () => writeWholeSync(witnessPath, 0o644, checkpoint.note));
  return checkpoint;
}

/**
 * A function that witnesses the log if it grew since the last time. It throws LEDGER_STALE when the ledger was
 * exchanged for an old copy, after which nothing may be signed any more.
 */
export function witnessKeeper(audit: LineAudit): () => Promise<void> {
  const { ledger, key, witnessPath } = audit;
  let last: Checkpoint | undefined;
  return async () => {
    last ??= await checkWitness(ledger.auditLog, key, readWitness(witnessPath));
    await assertReaches(ledger.auditLog, last);
    await ledger.auditLog.recordLeftOut();
    await ledger.auditLog.settled();
    const newest = await checkWitness(ledger.auditLog, key, audit.newest());
    if (newest.size <= last.size) return;
    // Nothing is waited for in between: a signature may write a later one at any time.
    audit.keepNewest();
    last = newest;
  };
}

/** The note in the witness file. Throws LEDGER_STALE where there is none, WITNESS_UNAVAILABLE where it cannot be read. */
function readWitness(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') throw stale(`the witness file ${path} is missing`, 'witness-missing');
    throw unavailable(path, 'read', error);
  }
}

/** Throws WITNESS_UNAVAILABLE for what the file system throws. */
function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw unavailable(path, 'written', error);
  }
}

function unavailable(path: string, how: 'read' | 'written', cause: unknown): PkiError {
  const message = `Nothing is signed without the witness file ${path}, which cannot be ${how} (${errnoOf(cause) ?? 'fault'}): let the user of the signer read and write it, on a disk that has space.`;
  return new PkiError('WITNESS_UNAVAILABLE', message, { reason: 'file', cause });
}
