import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAuditKey } from '../../pki/keys/audit-key.ts';
import type { AuditKey } from '../../pki/keys/audit-key.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { canonicalJson } from '../../reports/dossier/canonical-json.ts';
import { dossierOf, dossierUnit } from '../../reports/dossier/dossier.ts';
import { DOSSIER_UNIT } from '../../reports/dossier/dossier-schema.ts';
import type { Dossier, DossierUnit } from '../../reports/dossier/dossier.ts';
import { signedDossier, verifyDossier } from '../../reports/dossier/signed-dossier.ts';
import { pageOf } from '../cli/follow-docs.ts';
import { newBatch, openedRegistry, registration, serialsFrom } from '../registry/record/opened.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Text that programs write in different ways, if they can. */
const ODD = 'ü€\u{1F600}\u2028"\\/\u007f<>&';

let dossier: Dossier;
let folder: string;
let key: AuditKey;
let file: string;

beforeEach(async () => {
  const registry = openedRegistry();
  async function* rows() {
    for (const serial of serialsFrom(1, 4)) yield { serial, product: 'node', attrs: { note: ODD, a: 'b' } };
  }
  await registry.importBatch({ ...newBatch('1', 4), manifest: `${ODD}.csv` }, rows());
  const readback = { certificateSha256: 'ab', bytes: 513, seconds: 0.25, firmware: `1.2.3 ${ODD}` };
  await registry.registerUnit({ ...registration('CL-000001'), evidence: { readback } });
  const failure = { batchId: 'PO-1', attempt: 1, step: 'verifyReadback', code: 'READ_BACK_DIFFERS' } as const;
  const said = { reason: ODD, by: 'A. Berg', decidedAt: '2026-01-02T00:00:00.000Z' };
  await registry.recordAttention({ ...failure, serial: 'CL-000002', message: ODD });
  await registry.registerUnit(registration('CL-000002', 2));
  await registry.recordOutcome({
    ...failure,
    serial: 'CL-000003',
    outcome: 'FAIL',
    decision: { verdict: 'scrap', ...said },
  });
  await registry.recordBatchDecision('PO-1', { verdict: 'close', detail: 'short', ...said });
  await registry.endOpenUnits('PO-1', 'HOLD', 'CLOSED_SHORT');
  await registry.closeBatch('PO-1');
  const units: DossierUnit[] = [];
  for await (const unit of registry.unitRecords('PO-1')) units.push(dossierUnit(unit));
  dossier = dossierOf((await registry.batch('PO-1'))!, await registry.batchDecisions('PO-1'), units);
  folder = temporaryFolder();
  key = createAuditKey(join(folder, 'audit.key.pem'));
  file = signedDossier(dossier, key);
});

describe('a dossier', () => {
  it('has counts that add up, and of each unit attempts, board, key, certificate and decisions with names', () => {
    expect(dossier.counts).toEqual({ ordered: 4, passed: 2, failed: 1, errors: 0, held: 1 });
    expect(dossier.decisions).toMatchObject([
      { verdict: 'close', detail: 'short', by: 'A. Berg', reason: ODD },
    ]);
    const passed = registration('CL-000001');
    expect(dossier.units[0]).toMatchObject({
      board: passed.boardId,
      firmware: `1.2.3 ${ODD}`,
      attributes: { note: ODD },
      attempts: [{ station: 'station-1', socket: 'A1', readBack: { bytes: '513', seconds: '0.25' } }],
      certificates: [{ sha256: passed.certificateSha256, keySha256: passed.spkiSha256, state: 'active' }],
    });
    expect(dossier.units[1]).not.toHaveProperty('firmware');
    expect(dossier.units[1]!.attempts).toMatchObject([
      { code: 'READ_BACK_DIFFERS', message: ODD },
      { attempt: 2 },
    ]);
    expect(dossier.units[2]).toMatchObject({
      outcome: 'FAIL',
      decisions: [{ verdict: 'scrap', by: 'A. Berg' }],
    });
  });

  it('is verified with the key of the signer, and with none but that', () => {
    expect(verifyDossier(file, key.verifier)).toEqual({
      batch: 'PO-1',
      counts: dossier.counts,
      key: verifierText(key.verifier),
      problems: [],
    });
    expect(verifyDossier(file, undefined)).toEqual(verifyDossier(file, key.verifier));
    const other = createAuditKey(join(temporaryFolder(), 'other.pem'));
    expect(verifyDossier(file, other.verifier).problems).toEqual([
      expect.stringContaining('is not signed by'),
    ]);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['a unit that passes', (text) => text.replace('"FAIL"', '"PASS"'), /was changed.*counts/s],
    ['another count', (text) => text.replace('"passed": 2', '"passed": 3'), /was changed.*counts/s],
    ['another name', (text) => text.replace('A. Berg', 'B. Berg'), /was changed/],
    ['another batch', (text) => text.replace('"batch": "PO-1"', '"batch": "PO-2"'), /was changed/],
    ['no signature', (text) => text.replace(/"signature": ".*"/, '"signature": ""'), /no signature/],
    ['half of it', (text) => text.slice(0, text.length / 2), /not a dossier/],
    ['no members', () => 'null', /not a dossier/],
    ['a number with a fraction', (text) => text.replace('"attempt": 1', '"attempt": 1.5'), /not a dossier/],
  ])('is not whole with %s', (_what, change, expected) => {
    const changed = change(file);
    expect(changed).not.toBe(file);
    expect(verifyDossier(changed, key.verifier).problems.join(' ')).toMatch(expected);
  });

  it.each<[string, (dossier: Dossier) => object]>([
    ['no units in the list', () => ({ units: [null] })],
    ['a list in the place of a unit', () => ({ units: [[]] })],
    ['an outcome that is no text', ({ units }) => ({ units: [{ ...units[0], outcome: {} }] })],
    ['an attempt that is none', ({ units }) => ({ units: [{ ...units[0], attempts: [7] }] })],
    ['attributes that are none', ({ units }) => ({ units: [{ ...units[0], attributes: { a: 1 } }] })],
    ['counts that are none', () => ({ counts: [] })],
    ['a count that is missing', ({ counts }) => ({ counts: { ...counts, passed: undefined } })],
    ['a count that is a text', ({ counts }) => ({ counts: { ...counts, passed: '2' } })],
    ['a batch that is none', () => ({ batch: null })],
    ['decisions that are none', () => ({ decisions: {} })],
  ])('is none with %s, whoever signed it', (_what, change) => {
    const changed = { ...dossier, ...change(dossier) } as Dossier;
    expect(verifyDossier(signedDossier(changed, key), key.verifier)).toEqual({
      problems: ['The file is not a dossier.'],
    });
  });

  it('of a later version, with members that this one does not know, is verified as a whole', () => {
    const later = { ...dossier, more: ['x'], units: dossier.units.map((unit) => ({ ...unit, more: 1 })) };
    const text = signedDossier(later, key);
    expect(verifyDossier(text, key.verifier).problems).toEqual([]);
    expect(verifyDossier(text.replace('"more": 1', '"more": 2'), key.verifier).problems).toEqual([
      expect.stringContaining('was changed'),
    ]);
  });

  it('has units whose every member is checked', () => {
    expect(dossier.units.map((unit) => DOSSIER_UNIT.parse(unit))).toEqual(dossier.units);
  });

  it('is not verified by a key that comes with it under the name of another', () => {
    const other = createAuditKey(join(folder, 'other.pem'));
    const forged = { ...other, verifier: noteVerifierOf(key.verifier.name, other.privateKey) };
    expect(verifyDossier(signedDossier(dossier, forged), undefined)).toEqual({
      batch: 'PO-1',
      counts: dossier.counts,
      problems: [expect.stringContaining('under its own name')],
    });
  });

  it('contains no secret', () => {
    const secret = readFileSync(join(folder, 'audit.key.pem'), 'utf8').split('\n')[1]!;
    expect(file).not.toContain(secret);
    expect(file).not.toMatch(/PRIVATE KEY|passphrase/i);
    expect(file).not.toContain(
      Buffer.from(key.privateKey.export({ format: 'der', type: 'pkcs8' }))
        .toString('hex')
        .slice(32),
    );
  });

  it('is verified by the program in the documentation, which sees what was changed', (context) => {
    try {
      execFileSync('python3', ['--version']);
      execFileSync('openssl', ['version']);
    } catch {
      context.skip('needs python3 and openssl on the path');
    }
    const program = /```python\n([\s\S]*?)```/.exec(
      pageOf('operations.md').split('\n## The dossier of a lot\n')[1]!,
    )![1]!;
    expect(program.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
    const paths = {
      program: join(folder, 'verify.py'),
      file: join(folder, 'd.json'),
      key: join(folder, 'audit.pub'),
    };
    writeFileSync(paths.program, program);
    writeFileSync(paths.key, `${verifierText(key.verifier)}\n`);
    const run = (text: string): string => {
      writeFileSync(paths.file, text);
      return execFileSync('python3', [paths.program, paths.file, paths.key], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    };
    expect(run(file)).toContain("PO-1 {'ordered': 4, 'passed': 2");
    expect(() => run(file.replace('A. Berg', 'B. Berg'))).toThrow('was changed');
    const other = createAuditKey(join(folder, 'other.pem'));
    expect(() => run(signedDossier(dossier, other))).toThrow('another key signed');
    const forged = signedDossier(dossier, { ...other, verifier: key.verifier });
    expect(() => run(forged)).toThrow('openssl');
  });
});

it('writes canonical JSON in the one form of RFC 8785', () => {
  expect(canonicalJson({ b: [1, 'ü\u2028', null, true], a: {}, c: undefined })).toBe(
    '{"a":{},"b":[1,"ü\u2028",null,true]}',
  );
  expect(() => canonicalJson(0.5)).toThrow('0.5 is no safe integer');
});
