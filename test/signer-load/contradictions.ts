import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import type { RecordPlaces } from './load-places.ts';
import { changeDatabase } from '../end-to-end/change-database.ts';

/** Something that must never be, done to what a good load left on disk, and what the checker must say of it. */
export interface Contradiction {
  readonly what: string;
  readonly says: RegExp;
  readonly make: (places: RecordPlaces) => void;
}

const PASSED = `(SELECT min(request_id) FROM issuance WHERE state = 'active')`;
const OTHER = `(SELECT max(request_id) FROM issuance WHERE state = 'active')`;
const WITHDRAWN = `(SELECT min(request_id) FROM issuance WHERE state = 'revoked' AND certificate IS NOT NULL
  AND serial_folded NOT IN (SELECT serial_folded FROM issuance WHERE state = 'active'))`;
const COPY_CERTIFICATE = `UPDATE issuance SET certificate =
  (SELECT certificate FROM issuance WHERE request_id = ${OTHER}) WHERE request_id = ${PASSED}`;
const ONE_UNIT = `(SELECT min(unit_id) FROM units WHERE outcome = 'PASS')`;

export const CONTRADICTIONS: readonly Contradiction[] = [
  {
    what: 'a unit that never ended',
    says: /^1: .* has not ended/,
    make: inRegistry(`UPDATE units SET outcome = NULL WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: 'a certificate in use of a unit that failed',
    says: /^1: .* \(FAIL\) has 1 in the ledger, 1 in the registry/,
    make: inRegistry(`UPDATE units SET outcome = 'FAIL' WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: 'a pass without a certificate in the registry',
    says: /^1: .* \(PASS\) has 1 in the ledger, 0 in the registry/,
    make: inRegistry(`DELETE FROM certificates WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: 'a pass that the ledger does not know as active',
    says: /^1: .* passed, and its certificate is issued/,
    make: inLedger(`UPDATE issuance SET state = 'issued' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a pass that the line withdrew',
    says: /^1: .* \(PASS\) has 0 in the ledger/,
    make: inLedger(`UPDATE issuance SET state = 'superseded' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'one key in two certificates',
    says: /^4: the key [0-9a-f]{64} was certified twice/,
    make: inLedger(COPY_CERTIFICATE),
  },
  {
    what: 'a key that is another in the ledger',
    says: /^4: .* has another key in its certificate/,
    make: inLedger(`UPDATE issuance SET spki_sha256 = 'ab' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a signature that nobody recorded',
    says: /^5: the key signed for b1\/X/,
    make: ({ journal }) => {
      const entry = { event: 'signature', requestId: 'b1/X', sha256: 'ab', head: 1 };
      edit(journal, (text) =>
        text.replace(/^.*"stopped".*$/m, (line) => `${JSON.stringify(entry)}\n${line}`),
      );
    },
  },
  {
    what: 'a signature that was made twice',
    says: /^5: the key signed for .*, and no entry was there before/,
    make: ({ journal }) =>
      edit(journal, (text) => text.replace(/^.*"signature".*\n/m, (line) => line + line)),
  },
  {
    what: 'a signature made before its entry was on disk',
    says: /^5: the key signed for .*, and no entry was there before/,
    make: ({ journal }) =>
      edit(journal, (text) => text.replace(/("signature".*"head":)\d+/, (_all, before) => `${before}1`)),
  },
  {
    what: 'a signature that the counter at the key does not know',
    says: /^5: the counter at the key knows no signature/,
    make: ({ journal }) => edit(journal, (text) => text.replace(/^.*"signature","requestId":"b.*\n/m, '')),
  },
  {
    what: 'an entry of a signature that was never made, in a life that ended in peace',
    says: /^5: entry \d+: the key never signed/,
    make: ({ journal }) => edit(journal, (text) => text.replace(/^.*"signature","requestId":"crl.*\n/m, '')),
  },
  {
    what: 'a certificate of other contents than were intended',
    says: /^5: the certificate of .* is not the one that was intended/,
    make: (places) =>
      rewriteAudit(places, (body) =>
        body.replace(/("event":"signing".*"tbsSha256":")[0-9a-f]{8}/, (_all, before) => `${before}00000000`),
      ),
  },
  {
    what: 'a row with other contents than were intended',
    says: /^5: the certificate of .* is not the one that was intended/,
    make: inLedger(`UPDATE issuance SET tbs = x'3000' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'one certificate number twice',
    says: /^6: two certificates have the number/,
    make: inLedger(COPY_CERTIFICATE),
  },
  {
    what: 'a certificate number that was not reserved',
    says: /^6: .* has another number than was reserved/,
    make: inLedger(`UPDATE issuance SET cert_serial = '41' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a certificate of a serial in no manifest',
    says: /^7: .* is in no manifest of b/,
    make: inRegistry(`UPDATE units SET serial = 'X-1', serial_folded = 'x-1' WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: 'more serials than a batch was released for',
    says: /^7: \d+ serials of b1 were signed, and 1 released/,
    make: inLedger(`UPDATE batch SET quota = 1, released = 0, reserved = 0 WHERE batch_id = 'b1'`),
  },
  {
    what: 'more released than was ordered',
    says: /^7: PO-1 is for \d+ units, and \d+ were released/,
    make: inLedger(`UPDATE batch SET quota = quota + 1 WHERE batch_id = 'b1'`),
  },
  {
    what: 'more reissues than were ordered, by an order that nobody signed',
    says: /^7: PO-1 allows 0 reissues, and \d+ were made/,
    make: noReissues,
  },
  { what: 'an order that nobody signed', says: /^7: no release key signed PO-1\.order/, make: noReissues },
  {
    what: 'a withdrawn certificate that is not on the list',
    says: /^9: .* is superseded, and not on the revocation list/,
    make: inLedger(`UPDATE issuance SET state = 'superseded' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a certificate in use that is on the list',
    says: /^9: .* is active, and listed/,
    make: inLedger(`UPDATE issuance SET state = 'active' WHERE request_id = ${WITHDRAWN}`),
  },
  {
    what: 'a certificate that is neither in use nor revoked',
    says: /^9: .* is issued: neither in use nor revoked/,
    make: inLedger(`UPDATE issuance SET state = 'issued' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'openssl and the ledger at odds over the list',
    says: /^9: openssl with the revocation list takes .* for other than superseded/,
    make: inLedger(`UPDATE issuance SET state = 'superseded' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a list that is not the newest',
    says: /^9: the revocation list is number \d+, the newest 1000/,
    make: inLedger(`INSERT INTO crl SELECT issuer, 1000, mark, made_at FROM crl LIMIT 1`),
  },
  {
    what: 'a list that nobody signed',
    says: /^9: openssl on the revocation list/,
    make: ({ crl }) => flipBase64(crl, 12),
  },
  {
    what: 'a list of other contents than were numbered',
    says: /^9: the audit numbered another revocation list/,
    make: (places) =>
      rewriteAudit(places, (body) =>
        body.replace(/("crl-numbered".*"tbsSha256":")[0-9a-f]{8}/, (_all, before) => `${before}00000000`),
      ),
  },
  {
    what: 'a registered certificate that was never issued',
    says: /^9: the ledger never issued the certificate/,
    make: inRegistry(`UPDATE certificates SET der = x'3000' WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: "another unit's certificate in the registry",
    says: /^9: the ledger never issued the certificate that the registry has of/,
    make: inRegistry(`UPDATE units SET serial = serial || '-X' WHERE unit_id = ${ONE_UNIT}`),
  },
  {
    what: 'a registered certificate that was withdrawn',
    says: /^9: the certificate of .* is active in the registry, and revoked in the ledger/,
    make: inLedger(`UPDATE issuance SET state = 'revoked' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'an audit that was edited',
    says: /^12: the audit breaks at entry/,
    make: inLedger(`UPDATE audit SET body = replace(body, '"at":"2', '"at":"1') WHERE seq = 3`),
  },
  {
    what: 'an audit that lacks an entry',
    says: /^12: the audit breaks at entry 5/,
    make: inLedger('DELETE FROM audit WHERE seq = 5'),
  },
  {
    what: 'an audit that was rewritten, chain and all',
    says: /^12: the audit is not the one that was witnessed/,
    make: (places) =>
      rewriteAudit(places, (body, seq) => (seq === 3 ? body.replace('"at":"2', '"at":"1') : body)),
  },
  {
    what: 'an audit that lost its end',
    says: /^12: the audit is not the one that was witnessed/,
    make: inLedger('DELETE FROM audit WHERE seq > (SELECT max(seq) - 5 FROM audit)'),
  },
  {
    what: 'a checkpoint that nobody signed',
    says: /^12: checkpoint 1 is not signed/,
    make: ({ checkpoints }) => edit(checkpoints, (text) => text.replace(/\ntime 2/, '\ntime 1')),
  },
  {
    what: 'a checkpoint that goes back',
    says: /^12: checkpoint \d+ goes back/,
    make: ({ checkpoints, witness }) => {
      const [first = ''] = /^[^]+?\n— [^\n]+\n/.exec(readFileSync(checkpoints, 'utf8')) ?? [];
      writeFileSync(witness, first);
    },
  },
  {
    what: 'an audit that says otherwise than the ledger',
    says: /^12: .* is superseded, and the audit says active/,
    make: inLedger(`UPDATE issuance SET state = 'superseded' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a request that the ledger lost',
    says: /^12: the ledger lost/,
    make: inLedger(`DELETE FROM issuance WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a request that the audit never heard of',
    says: /^12: the audit never heard of b1\/X/,
    make: inLedger(`UPDATE issuance SET request_id = 'b1/X' WHERE request_id = ${PASSED}`),
  },
  {
    what: 'a certificate whose signature has a bit flipped',
    says: /^13: openssl does not accept/,
    make: flipSignature,
  },
  {
    what: 'a certificate of another organisation',
    says: /^13: the certificate of .* breaks/,
    make: ({ products }) => edit(products, (text) => text.replaceAll('acme-line-1', 'acme-line-2')),
  },
  {
    what: 'a certificate that begins after its issue',
    says: /^13: .* begins after its issue/,
    make: inLedger(
      `UPDATE issuance SET reserved_at = '2020-01-01T00:00:00.000Z' WHERE request_id = ${PASSED}`,
    ),
  },
  {
    what: 'a chain that lacks the issuer',
    says: /^13: openssl does not accept/,
    make: ({ chain }) => edit(chain, (text) => text.replace(/^[^]*?-----END CERTIFICATE-----\n/, '')),
  },
];

function inRegistry(sql: string): Contradiction['make'] {
  return ({ registry }) => changeDatabase(registry, sql);
}

function inLedger(sql: string): Contradiction['make'] {
  return ({ ledger }) => changeDatabase(ledger, sql);
}

/** Edits the last entry that the edit changes and chains all anew, as somebody who has the ledger could. */
function rewriteAudit({ ledger }: RecordPlaces, rewrite: (body: string, seq: number) => string): void {
  const entries = rowsOf<{ seq: number; body: string }>(ledger, 'SELECT seq, body FROM audit ORDER BY seq');
  const victim = entries.findLast(({ seq, body }) => rewrite(body, seq) !== body);
  if (victim === undefined) throw new Error('no entry was changed');
  victim.body = rewrite(victim.body, victim.seq);
  const database = new DatabaseSync(ledger);
  const update = database.prepare('UPDATE audit SET body = ?, hash = ? WHERE seq = ?');
  let previous = '0'.repeat(64);
  database.exec('BEGIN');
  for (const { seq, body } of entries) {
    previous = createHash('sha256').update(`${previous}\n${seq}\n${body}\n`).digest('hex');
    update.run(body, previous, seq);
  }
  database.exec('COMMIT');
  database.close();
}

function noReissues({ orders }: RecordPlaces): void {
  edit(join(orders, 'PO-1.order'), (text) => text.replace(/"reissues": \d+/, '"reissues": 0'));
}

function flipSignature({ ledger }: RecordPlaces): void {
  const database = new DatabaseSync(ledger);
  const where = `WHERE request_id = ${PASSED}`;
  const row = database.prepare(`SELECT certificate FROM issuance ${where}`).get();
  const certificate = Uint8Array.from(row?.['certificate'] as Uint8Array);
  certificate[certificate.length - 3]! ^= 0x01;
  database.prepare(`UPDATE issuance SET certificate = ? ${where}`).run(certificate);
  database.close();
}

/** Flips a bit of what a PEM file holds, so many octets before its end. */
function flipBase64(path: string, before: number): void {
  edit(path, (text) =>
    text.replace(/(-----\n)([^-]+)(\n-----)/, (_all, head: string, base64: string, tail: string) => {
      const bytes = Buffer.from(base64, 'base64');
      bytes[bytes.length - before]! ^= 0x01;
      return `${head}${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}${tail}`;
    }),
  );
}

function edit(path: string, rewrite: (text: string) => string): void {
  const before = readFileSync(path, 'utf8');
  const after = rewrite(before);
  if (after === before) throw new Error(`${path} did not change`);
  writeFileSync(path, after);
}
