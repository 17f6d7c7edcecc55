import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { IssuanceRow } from '../end-to-end/line-evidence.ts';
import type { RecordPlaces } from './load-places.ts';
import type { JournalEntry } from './signature-journal.ts';

/** A row of the ledger's issuances. Times are ISO 8601, hashes and numbers hex. */
export interface LedgerIssuance extends IssuanceRow {
  readonly requestId: string;
  readonly product: string;
  readonly spkiSha256: string;
  readonly number: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly tbs: Uint8Array;
  readonly kind: string;
  readonly reservedAt: string;
  readonly heldAt: string | null;
}

export interface RegisteredCertificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly state: string;
  readonly der: Uint8Array;
}

export interface AuditEvent {
  readonly seq: number;
  readonly event: string;
  readonly requestId: string | undefined;
  readonly members: Readonly<Record<string, string | number>>;
}

/** What the OEM signed, as it stands in an order's file. */
export interface OrderFile {
  readonly name: string;
  readonly text: string;
}

/** What a signer, its registry and its witness left on disk, read without any code of theirs. */
export interface RecordEvidence {
  readonly issuances: readonly LedgerIssuance[];
  readonly batches: readonly { batchId: string; order: string; quota: number }[];
  readonly released: readonly { serial: string; batchId: string }[];
  readonly crls: readonly { number: number }[];
  readonly audit: readonly { seq: number; body: string; hash: string }[];
  readonly events: readonly AuditEvent[];
  readonly units: readonly { serial: string; batchId: string; outcome: string | null; attention: number }[];
  readonly registered: readonly RegisteredCertificate[];
  readonly journal: readonly JournalEntry[];
  readonly auditVerifier: string;
  /** Signed notes, oldest first, the one in the witness file last. */
  readonly checkpoints: readonly string[];
  readonly orders: readonly OrderFile[];
  readonly releaseKeys: readonly string[];
  readonly organizations: ReadonlyMap<string, string>;
  /** Paths, for openssl. */
  readonly chain: string;
  readonly crl: string;
}

export function readRecords(places: RecordPlaces): RecordEvidence {
  const { ledger, registry } = places;
  const audit = rowsOf<RecordEvidence['audit'][number]>(
    ledger,
    'SELECT seq, body, hash FROM audit ORDER BY seq',
  );
  return {
    issuances: rowsOf(
      ledger,
      `SELECT r.serial, i.batch_id AS batchId, attempt, i.board_id AS boardId, state, certificate, product,
         request_id AS requestId, spki_sha256 AS spkiSha256, cert_serial AS number, not_before AS notBefore,
         not_after AS notAfter, tbs, kind, reserved_at AS reservedAt, held_at AS heldAt
       FROM issuance i JOIN released_serial r USING (serial_folded) ORDER BY seq`,
    ),
    batches: rowsOf(ledger, 'SELECT batch_id AS batchId, order_id AS "order", quota FROM batch'),
    released: rowsOf(ledger, 'SELECT serial, batch_id AS batchId FROM released_serial'),
    crls: rowsOf(ledger, 'SELECT number FROM crl ORDER BY number'),
    audit,
    events: audit.map(({ seq, body }) => eventOf(seq, body)),
    units: rowsOf(registry, 'SELECT serial, batch_id AS batchId, outcome, attention FROM units'),
    registered: rowsOf(
      registry,
      'SELECT serial, fingerprint, c.state, der FROM certificates c JOIN units USING (unit_id)',
    ),
    journal: linesOf(places.journal).map((line) => JSON.parse(line) as JournalEntry),
    auditVerifier: readFileSync(places.auditVerifier, 'utf8').trim(),
    checkpoints: [...notesIn(places.checkpoints), readFileSync(places.witness, 'utf8')],
    orders: readdirSync(places.orders)
      .filter((name) => name.endsWith('.order'))
      .map((name) => ({ name, text: readFileSync(join(places.orders, name), 'utf8') })),
    releaseKeys: linesOf(places.releaseKeys),
    organizations: new Map(productsIn(places.products).map(({ name, organization }) => [name, organization])),
    chain: places.chain,
    crl: places.crl,
  };
}

function eventOf(seq: number, body: string): AuditEvent {
  const members = JSON.parse(body) as Readonly<Record<string, string | number>>;
  const { event, requestId } = members;
  return {
    seq,
    event: String(event),
    requestId: requestId === undefined ? undefined : String(requestId),
    members,
  };
}

function productsIn(path: string): { name: string; organization: string }[] {
  return JSON.parse(readFileSync(path, 'utf8')) as { name: string; organization: string }[];
}

function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}

/** A note ends with the line of its signature; whoever kept these put an empty line behind each. */
function notesIn(path: string): string[] {
  return (
    readFileSync(path, 'utf8')
      .match(/[^]+?\n\n— [^\n]+\n/g)
      ?.map((note) => note.replace(/^\n/, '')) ?? []
  );
}
