import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readEvidence } from './line-evidence.ts';
import type { LinePlaces } from './line-evidence.ts';
import { changeDatabase } from './change-database.ts';

/** Something that must never be, done to what a good lot left on disk, and the invariant that it breaks. */
export interface Contradiction {
  readonly what: string;
  readonly breaks: number;
  readonly make: (places: LinePlaces) => void;
}

const ONE = `(SELECT unit_id FROM units WHERE serial = 'CL-000003')`;

export const CONTRADICTIONS: readonly Contradiction[] = [
  {
    what: 'a unit that never ended',
    breaks: 1,
    make: inRegistry(`UPDATE units SET outcome = NULL WHERE unit_id = ${ONE}`),
  },
  {
    what: 'a pass whose certificate is revoked',
    breaks: 1,
    make: inLedger(`UPDATE issuance SET state = 'revoked' WHERE serial_folded = 'cl-000003'`),
  },
  {
    what: 'a certificate for a unit that failed',
    breaks: 1,
    make: inRegistry(`UPDATE units SET outcome = 'FAIL' WHERE unit_id = ${ONE}`),
  },
  {
    what: 'a board with a bit flipped in its certificate',
    breaks: 2,
    make: (places) => flip(boardFile(places, 0, 'crt.der'), -3),
  },
  {
    what: 'a board with a bit flipped in its key',
    breaks: 2,
    make: (places) => flip(boardFile(places, 0, 'key.der'), 20),
  },
  { what: 'a board without its key', breaks: 2, make: (places) => rmSync(boardFile(places, 0, 'key.der')) },
  {
    what: 'one key on two boards',
    breaks: 4,
    make: (places) => cpSync(boardFile(places, 0, 'key.der'), boardFile(places, 1, 'key.der')),
  },
  {
    what: 'one certificate issued twice',
    breaks: 6,
    make: inLedger(
      `UPDATE issuance SET certificate = (SELECT certificate FROM issuance WHERE serial_folded = 'cl-000003') WHERE serial_folded = 'cl-000004'`,
    ),
  },
  {
    what: 'one key certified twice',
    breaks: 4,
    make: inLedger(
      `UPDATE issuance SET certificate = (SELECT certificate FROM issuance WHERE serial_folded = 'cl-000003') WHERE serial_folded = 'cl-000004'`,
    ),
  },
  {
    what: 'a certificate for a serial in no manifest',
    breaks: 7,
    make: inLedger(`UPDATE released_serial SET serial = 'CL-X' WHERE serial_folded = 'cl-000003'`),
  },
  {
    what: 'more certificates than were released',
    breaks: 7,
    make: inLedger('UPDATE batch SET quota = 1, released = 0, reserved = 0, reissue_quota = 0, reissued = 0'),
  },
  {
    what: 'a certificate that the ledger never activated',
    breaks: 8,
    make: inLedger(`UPDATE issuance SET state = 'issued' WHERE serial_folded = 'cl-000003'`),
  },
  {
    what: 'a certificate that the ledger does not know',
    breaks: 9,
    make: inLedger(`DELETE FROM issuance WHERE serial_folded = 'cl-000003'`),
  },
  {
    what: 'one certificate on two boards',
    breaks: 10,
    make: (places) => cpSync(boardFile(places, 0, 'crt.der'), boardFile(places, 1, 'crt.der')),
  },
  {
    what: 'a board that a record calls another',
    breaks: 10,
    make: inRegistry(`UPDATE attempts SET board_id = 'b0' WHERE unit_id = ${ONE}`),
  },
  { what: 'a finished board that is no unit', breaks: 10, make: strangerInTheTray },
  {
    what: 'a socket that is still held',
    breaks: 11,
    make: (places) =>
      changeDatabase(
        places.books[0]!,
        `INSERT OR REPLACE INTO board (board_id, socket, serial, attempt, phase) VALUES ('b0', '9', 'CL-000003', 1, 'keyed')`,
      ),
  },
  { what: 'a batch that is never closed', breaks: 11, make: inRegistry(`UPDATE batches SET state = 'open'`) },
  {
    what: 'an audit that was edited',
    breaks: 12,
    make: inLedger(
      `UPDATE audit SET body = replace(body, 'signing', 'revoked') WHERE seq = (SELECT min(seq) FROM audit WHERE body LIKE '%signing%')`,
    ),
  },
  { what: 'a chain that lacks the issuer', breaks: 13, make: cutChain },
  {
    what: 'a result that says another thing',
    breaks: 14,
    make: (places) => editResult(places, (text) => text.replace('"PASS"', '"FAIL"')),
  },
  {
    what: 'a result that lacks a row',
    breaks: 14,
    make: (places) => editResult(places, (text) => text.replace(/.*"CL-000003".*\r\n/, '')),
  },
  {
    what: 'a manifest with two answers',
    breaks: 14,
    make: (places) => appendFileSync(join(places.inbox, 'example.rejected.csv'), '"line"\r\n"1"\r\n'),
  },
];

function inRegistry(sql: string): Contradiction['make'] {
  return ({ registry }) => changeDatabase(registry, sql);
}

function inLedger(sql: string): Contradiction['make'] {
  return ({ ledger }) => changeDatabase(ledger, sql);
}

/** A file on the board of one of the registered certificates. */
function boardFile(places: LinePlaces, nth: number, name: string): string {
  const { boardId } = readEvidence(places).certificates[nth]!;
  return join(places.virtualLine, 'boards', boardId, 'lfs1', 'credentials', name);
}

function flip(path: string, at: number): void {
  const content = readFileSync(path);
  const index = at < 0 ? content.length + at : at;
  content[index] = (content[index] ?? 0) ^ 0x01;
  writeFileSync(path, content);
}

function strangerInTheTray({ virtualLine }: LinePlaces): void {
  const path = join(virtualLine, 'line.json');
  const line = JSON.parse(readFileSync(path, 'utf8')) as { trays: { done: string[] } };
  const known = new Set(line.trays.done);
  const stranger = readdirSync(join(virtualLine, 'boards')).find((board) => !known.has(board));
  line.trays.done.push(stranger!);
  writeFileSync(path, JSON.stringify(line));
}

/** The factory ICA stands first. */
function cutChain({ chain }: LinePlaces): void {
  writeFileSync(chain, readFileSync(chain, 'utf8').replace(/^[^]*?-----END CERTIFICATE-----\n/, ''));
}

function editResult({ inbox }: LinePlaces, edit: (text: string) => string): void {
  const path = join(inbox, 'example.result.csv');
  const before = readFileSync(path, 'utf8');
  const after = edit(before);
  if (after === before) throw new Error('the result did not change');
  writeFileSync(path, after);
}
