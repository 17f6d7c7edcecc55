import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isAnswerName } from '../../manifests/answer/answers.ts';

/** Where the parts of a line keep what they wrote; in a line on one host all but the inbox lie in one state folder. */
export interface LinePlaces {
  readonly inbox: string;
  readonly registry: string;
  readonly ledger: string;
  /** PEM: the factory ICA and the root. */
  readonly chain: string;
  /** Directory of the virtual line. */
  readonly virtualLine: string;
  readonly books: readonly string[];
}

/** A manifest of the inbox, read by its text alone, and what lies beside it. */
export interface DroppedManifest {
  readonly name: string;
  readonly serials: readonly string[];
  /** The content of `NAME.accepted.json`, if there is one. */
  readonly acceptance: { readonly rows: number } | undefined;
  /** Rows of `NAME.rejected.csv` and `NAME.result.csv`, by column name. */
  readonly rejection: readonly Cells[] | undefined;
  readonly result: readonly Cells[] | undefined;
}

export type Cells = Readonly<Record<string, string>>;

/** Rows of the registry. */
export interface UnitRow {
  readonly serial: string;
  readonly batchId: string;
  readonly outcome: string | null;
  readonly code: string | null;
  readonly attention: number;
  readonly attempts: number;
  /** 1: it was never begun, and another batch may have its serial. */
  readonly isFreed: number;
}
export interface AttemptRow {
  readonly serial: string;
  readonly attempt: number;
  readonly boardId: string | null;
  readonly code: string | null;
}
export interface CertificateRow {
  readonly serial: string;
  readonly boardId: string;
  readonly state: string;
  readonly fingerprint: string;
  readonly number: string;
  readonly der: Uint8Array;
}

/** A unit in a rework that has ended, and what was its board. */
export interface ReworkRow {
  readonly serial: string;
  readonly kind: string;
  readonly result: string;
  readonly oldBoardId: string;
  /** What is recorded of its end, for people. */
  readonly message: string | null;
}

/** Rows of the ledger. */
export interface IssuanceRow {
  readonly serial: string;
  readonly batchId: string;
  readonly attempt: number;
  readonly boardId: string;
  readonly state: string;
  readonly certificate: Uint8Array | null;
}
export interface ReleaseRow {
  readonly batchId: string;
  readonly limit: number;
}

/** The flash image of one board. */
export interface BoardImage {
  readonly boardId: string;
  /** `done`, `reject`, the name of a socket, or undefined for a board that lies nowhere. */
  readonly place: string | undefined;
  readonly certificate: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** All that lies on disk of a line that is down, read without any code of the line itself. */
export interface LineEvidence {
  readonly manifests: readonly DroppedManifest[];
  readonly batches: readonly { batchId: string; manifest: string; state: string }[];
  readonly units: readonly UnitRow[];
  readonly attempts: readonly AttemptRow[];
  readonly certificates: readonly CertificateRow[];
  readonly reworks: readonly ReworkRow[];
  readonly issuances: readonly IssuanceRow[];
  readonly releases: readonly ReleaseRow[];
  readonly audit: readonly { seq: number; body: string; hash: string }[];
  readonly boards: readonly BoardImage[];
  readonly books: readonly { serial: string; phase: string }[];
  readonly chain: string;
}

/** The places of a line on one host. */
export function placesOf(stateFolder: string, inbox: string): LinePlaces {
  const stations = join(stateFolder, 'stations');
  return {
    inbox,
    registry: join(stateFolder, 'registry.db'),
    ledger: join(stateFolder, 'signer', 'ledger.db'),
    chain: join(stateFolder, 'signer', 'ca', 'chain.pem'),
    virtualLine: join(stateFolder, 'virtual-line'),
    books: readdirSync(stations).map((station) => join(stations, station, 'book.db')),
  };
}

const SERIAL_OF_UNIT = 'JOIN units USING (unit_id)';

export function readEvidence(places: LinePlaces): LineEvidence {
  const { registry, ledger } = places;
  return {
    manifests: readManifests(places.inbox),
    batches: rowsOf(registry, 'SELECT batch_id AS batchId, manifest, state FROM batches'),
    units: rowsOf(
      registry,
      `SELECT serial, batch_id AS batchId, outcome, code, attention, attempts, freed_at IS NOT NULL AS isFreed
       FROM units ORDER BY unit_id`,
    ),
    attempts: rowsOf(
      registry,
      `SELECT serial, attempt, board_id AS boardId, attempts.code FROM attempts ${SERIAL_OF_UNIT}`,
    ),
    certificates: rowsOf(
      registry,
      `SELECT serial, board_id AS boardId, state, fingerprint, certificate_serial AS number, der
       FROM certificates ${SERIAL_OF_UNIT}`,
    ),
    reworks: rowsOf(
      registry,
      `SELECT serial, kind, result, message, certificates.board_id AS oldBoardId
       FROM rework_units JOIN reworks USING (rework_id) JOIN units USING (unit_id)
         JOIN certificates ON fingerprint = old_fingerprint WHERE result IS NOT NULL`,
    ),
    issuances: rowsOf(
      ledger,
      `SELECT serial, issuance.batch_id AS batchId, attempt, issuance.board_id AS boardId, state, certificate
       FROM issuance JOIN released_serial USING (serial_folded)`,
    ),
    releases: rowsOf(ledger, 'SELECT batch_id AS batchId, quota + reissue_quota AS "limit" FROM batch'),
    audit: rowsOf(ledger, 'SELECT seq, body, hash FROM audit ORDER BY seq'),
    boards: readBoards(places.virtualLine),
    books: places.books.flatMap((path) =>
      rowsOf<{ serial: string; phase: string }>(path, 'SELECT serial, phase FROM board'),
    ),
    chain: places.chain,
  };
}

/** A process that was killed leaves a log that the next one to open the file reads first, alone. */
const BUSY_MS = 10_000;

/** Rows of a database that may be in use. */
export function rowsOf<T = object>(path: string, sql: string): T[] {
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}

function readManifests(inbox: string): DroppedManifest[] {
  const isManifest = (name: string) => /^[^.].*\.csv$/.test(name) && !isAnswerName(name);
  return readdirSync(inbox)
    .filter(isManifest)
    .map((name) => {
      const beside = (ending: string) => join(inbox, name.replace(/\.csv$/, ending));
      const acceptance = beside('.accepted.json');
      const text = readFileSync(join(inbox, name), 'utf8').replace(/^certline-manifest,.*\r?\n/, '');
      const [header = '', ...lines] = text.split(/\r?\n/).filter(Boolean);
      const column = header.split(',').indexOf('serial');
      return {
        name,
        serials: lines.map((line) => line.split(',')[column] ?? ''),
        acceptance: existsSync(acceptance)
          ? (JSON.parse(readFileSync(acceptance, 'utf8')) as { rows: number })
          : undefined,
        rejection: readAnswer(beside('.rejected.csv')),
        result: readAnswer(beside('.result.csv')),
      };
    });
}

/** The line quotes every cell of what it answers; no cell of these tests holds a quote or a line break. */
function readAnswer(path: string): Cells[] | undefined {
  if (!existsSync(path)) return undefined;
  const [header, ...rows] = readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .split('\r\n')
    .filter(Boolean)
    .map((line) => line.slice(1, -1).split('","'));
  return rows.map((cells) => Object.fromEntries(cells.map((cell, at) => [header?.[at] ?? '', cell])));
}

function readBoards(virtualLine: string): BoardImage[] {
  const { sockets, trays } = JSON.parse(readFileSync(join(virtualLine, 'line.json'), 'utf8')) as {
    sockets: Record<string, string>;
    trays: Record<string, string[]>;
  };
  const places = new Map(Object.entries(sockets).map(([socket, boardId]) => [boardId, socket]));
  for (const [tray, boards] of Object.entries(trays)) for (const boardId of boards) places.set(boardId, tray);
  const boards = join(virtualLine, 'boards');
  return readdirSync(boards).map((boardId) => ({
    boardId,
    place: places.get(boardId),
    certificate: fileOf(join(boards, boardId, 'lfs1', 'credentials', 'crt.der')),
    key: fileOf(join(boards, boardId, 'lfs1', 'credentials', 'key.der')),
  }));
}

/** An empty file is what an interrupted write leaves: no file, for our purposes. */
function fileOf(path: string): Buffer | undefined {
  const content = existsSync(path) ? readFileSync(path) : undefined;
  return content?.length ? content : undefined;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SubjectPublicKeyInfo of a certificate, as its SHA-256. */
export function spkiOf(certificate: Uint8Array): string {
  return sha256(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }));
}

/** Whether a row of registry or ledger is of a certificate in use. */
export function isActive(row: { readonly state: string }): boolean {
  return row.state === 'active';
}

/** Values that occur more than once. */
export function repeated(values: readonly string[]): string[] {
  const once = new Set<string>();
  const more = new Set<string>();
  for (const value of values) (once.has(value) ? more : once).add(value);
  return [...more];
}
