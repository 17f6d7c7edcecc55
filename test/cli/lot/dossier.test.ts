import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../../line/ledger.ts';
import { auditKeyPath, registryPath } from '../../../line/state-folder.ts';
import { createAuditKey } from '../../../pki/keys/audit-key.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import type { CertificateRecord } from '../../../provisioning/certificate-record.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import type { SqlRegistry } from '../../../registry/record/sql-registry.ts';
import { signedDossier } from '../../../reports/dossier/signed-dossier.ts';
import type { Dossier, DossierUnit } from '../../../reports/dossier/dossier.ts';
import { RELEASE } from '../../pki/orders/signed-orders.ts';
import { registration, rowsOf, serialsFrom } from '../../registry/record/opened.ts';
import { json, newPlace } from '../../support/certline.ts';
import type { Ended, Place } from '../../support/certline.ts';
import { issueInto } from '../issued-lot.ts';

/** As the signer released it: see `issueInto`. */
const BATCH = { batchId: 'b1', manifest: 'lot.csv', ...RELEASE, quantity: 100 };
const SERIALS = serialsFrom(1, BATCH.quantity);

/** A lot of which some units have a certificate in the ledger, and none in the registry, which is open. */
async function issuedLot(
  place: Place,
  count: number,
): Promise<{ registry: SqlRegistry; issued: readonly CertificateRecord[] }> {
  const issued = await issueInto(place, SERIALS.slice(0, count));
  const registry = openRegistryFile(registryPath(place.state));
  await registry.importBatch(BATCH, rowsOf(SERIALS));
  return { registry, issued };
}

async function register(registry: SqlRegistry, serial: string, issued: CertificateRecord): Promise<void> {
  await registry.registerUnit({ ...registration(serial), batchId: BATCH.batchId, ...issued });
}

async function endLot(registry: SqlRegistry): Promise<void> {
  await registry.endOpenUnits(BATCH.batchId, 'HOLD', 'CLOSED_SHORT');
  await registry.closeBatch(BATCH.batchId);
}

async function activate(place: Place, ...serials: readonly string[]): Promise<void> {
  const ledger = await openLedger({ stateFolder: place.state, config: {} }, 'make');
  await ledger.issuances.activate(serials.map((serial) => `${BATCH.batchId}/${serial}/1`));
  await ledger.close();
}

it('is signed where ledger and registry agree, on one host or two, and verified without either', async () => {
  const place = newPlace();
  const [passed] = SERIALS;
  const { registry, issued } = await issuedLot(place, 1);
  const { verifier } = createAuditKey(auditKeyPath(place.state));
  await register(registry, passed!, issued[0]!);
  const output = join(place.folder, 'lot.json');
  const sign = async (...more: string[]) =>
    await place.certline('lot', 'dossier', 'b1', '--output', output, ...more);
  expect(await sign()).toMatchObject({ status: 6, stderr: expect.stringContaining('b1 is open') });
  await endLot(registry);
  // The certificate is not active in the ledger yet, as nobody has activated it there.
  expect(await sign()).toMatchObject({
    status: 33,
    stderr: expect.stringMatching(/nothing is signed: the certificate .* is issued in the ledger and active/),
  });
  await registry.close();
  await activate(place, passed!);
  expect(await sign()).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringContaining(verifier.name),
  });
  const publicKey = join(place.folder, 'audit.pub');
  writeFileSync(publicKey, verifierText(verifier));
  // Another place knows nothing of this line.
  const elsewhere = newPlace();
  const verified = await elsewhere.certline('lot', 'verify', output, '--key', publicKey);
  expect(verified.stdout).toBe(
    `Lot b1: 100 units, 1 passed, 0 failed, 0 errors, 99 held. The dossier is whole.\nSigned by ${verifier.name}\n`,
  );
  const unknown = await elsewhere.certline('lot', 'verify', output);
  expect(unknown.stdout).toContain(
    `compare all of it with the audit.pub of the signer.\n${verifierText(verifier)}\n`,
  );
  writeFileSync(output, readFileSync(output, 'utf8').replace('"HOLD"', '"PASS"'));
  expect(await elsewhere.certline('lot', 'verify', output)).toMatchObject({
    status: 33,
    stdout: expect.stringContaining('WRONG: The dossier was changed after it was signed.'),
  });

  expect(
    await place.certline('registry', 'export', join(place.folder, 'no', 'registry.jsonl')),
  ).toMatchObject({
    status: 50,
    stderr: expect.stringMatching(/^certline: Cannot write .*: the folder does not exist[^\n]*\n$/),
  });
  const exported = join(place.folder, 'registry.jsonl');
  expect(await place.certline('registry', 'export', exported)).toMatchObject({ status: 0 });
  const admitted = await place.certline('intake', 'enroll');
  const key = /intake admit '([^']+)'/.exec(admitted.stdout)?.[1];
  if (key !== undefined) await place.certline('intake', 'admit', key);
  expect(await sign('--registry', exported)).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(readFileSync(output, 'utf8'))).toMatchObject({
    dossier: { batch: 'b1', counts: { ordered: 100, passed: 1, held: 99 } },
  });

  const folder = join(place.folder, 'certificates');
  const written = await place.certline('batch', 'export', 'b1', '--certificates', folder);
  expect(written.stdout).toContain('1 certificates of batch b1');
  const pem = readFileSync(join(folder, 'certificates.pem'), 'utf8');
  const der = Buffer.from(pem.split('-----')[2]!, 'base64');
  expect(createHash('sha256').update(der).digest('hex')).toBe(issued[0]!.certificateSha256);
  // A file system that takes no folder, and says that the one above does not exist.
  for (const command of [
    ['batch', 'export', 'b1', '--certificates'],
    ['audit', 'export'],
  ])
    expect(await place.certline(...command, '/proc/nothing/x')).toMatchObject({
      status: 50,
      stderr: expect.stringMatching(/^certline: [^\n]*: the disk is read-only[^\n]*\n$/),
    });
});

it('is not signed while a certificate that the registry has as active is on hold', async () => {
  const place = newPlace();
  const [passed] = SERIALS;
  const { registry, issued } = await issuedLot(place, 1);
  createAuditKey(auditKeyPath(place.state));
  await register(registry, passed!, issued[0]!);
  await activate(place, passed!);
  await endLot(registry);
  await registry.close();
  const withdrawals = async (change: 'hold' | 'endHold'): Promise<void> => {
    const ledger = await openLedger({ stateFolder: place.state, config: {} }, 'make');
    await ledger.withdrawals[change](`${BATCH.batchId}/${passed}/1`);
    await ledger.close();
  };
  const output = join(place.folder, 'lot.json');
  const sign = async () => await place.certline('lot', 'dossier', 'b1', '--output', output);
  await withdrawals('hold');
  expect(await sign()).toMatchObject({
    status: 33,
    stderr: expect.stringContaining(`of ${passed} is on hold in the ledger and active in the registry`),
  });
  expect(existsSync(output)).toBe(false);
  await withdrawals('endHold');
  expect(await sign()).toMatchObject({ status: 0, stderr: '' });
  const nowhere = join(place.folder, 'no', 'lot');
  for (const command of [
    ['lot', 'dossier'],
    ['batch', 'report'],
  ])
    expect(await place.certline(...command, 'b1', '--output', nowhere)).toMatchObject({
      status: 50,
      stderr: expect.stringMatching(/^certline: Cannot write .*: the folder does not exist[^\n]*\n$/),
    });
});

describe('what the registry hides of a lot', () => {
  /** What signing says after the registry was changed behind the back of everybody, as a host that was taken over would. */
  async function refusal(
    place: Place,
    registry: SqlRegistry,
    ...statements: readonly string[]
  ): Promise<string> {
    createAuditKey(auditKeyPath(place.state));
    await endLot(registry);
    await registry.close();
    const database = new DatabaseSync(registryPath(place.state));
    for (const statement of statements) database.exec(statement);
    database.close();
    const output = join(place.folder, 'lot.json');
    const { status, stderr } = await place.certline('lot', 'dossier', 'b1', '--output', output);
    expect(status).toBe(33);
    expect(existsSync(output)).toBe(false);
    return stderr;
  }

  const [one, other] = SERIALS as [string, string];
  const hold = `UPDATE units SET outcome = 'HOLD', code = 'CLOSED_SHORT' WHERE serial = '${one}'`;

  it('is found: the active certificate of a unit that it says has ended', async () => {
    const place = newPlace();
    const { registry } = await issuedLot(place, 2);
    await activate(place, one);
    const said = await refusal(place, registry);
    expect(said).toContain(`${one} (b1/${one}/1) is active, but is not in the registry`);
    // One that was signed and of which nobody knows whether it is on a board.
    expect(said).toContain(`${other} (b1/${other}/1) is issued, and its batch is closed without a PASS`);
  });

  it('is found: the certificate by which a unit passed', async () => {
    const place = newPlace();
    const { registry, issued } = await issuedLot(place, 1);
    await register(registry, one, issued[0]!);
    const ledger = await openLedger({ stateFolder: place.state, config: {} }, 'make');
    await ledger.issuances.revoke(`b1/${one}/1`, 'superseded', 'a person');
    await ledger.close();
    expect(await refusal(place, registry, 'DELETE FROM certificates')).toContain(
      `${one} passed and has no certificate`,
    );
  });

  it('is found: a unit in the place of which another one is listed', async () => {
    const place = newPlace();
    const { registry } = await issuedLot(place, 1);
    await activate(place, one);
    const said = await refusal(
      place,
      registry,
      hold,
      `UPDATE units SET serial = '${other}x' WHERE serial = '${one}'`,
    );
    expect(said).toContain(`${one} (b1/${one}/1) is in no registered manifest of batch b1`);
  });

  it('is found: units, the manifest, and the order', async () => {
    const place = newPlace();
    const { registry } = await issuedLot(place, 1);
    const said = await refusal(
      place,
      registry,
      `DELETE FROM units WHERE serial <> '${other}'`,
      `UPDATE batches SET row_count = 1, sha256 = 'cd'`,
    );
    expect(said).toContain('the signer released batch b1 for 100 units, and 1 are registered');
    expect(said).toContain('the signer released batch b1 for another manifest');
    const second = newPlace();
    const lot = await issuedLot(second, 1);
    await register(lot.registry, one, lot.issued[0]!);
    await activate(second, one);
    expect(await refusal(second, lot.registry, `UPDATE batches SET order_number = 'PO-2'`)).toContain(
      'the signer released no batch b1 of order PO-2',
    );
  });
});

const UNIT: DossierUnit = {
  serial: 'S-1',
  product: 'node',
  attributes: {},
  outcome: 'PASS',
  attempts: [],
  certificates: [],
  decisions: [],
};
const DOSSIER: Dossier = {
  format: 'certline-dossier-v1',
  batch: 'PO-1-aa',
  order: 'PO-1',
  manifest: 'lot.csv',
  manifestSha256: 'ab',
  accepted: '',
  closed: '',
  written: '',
  counts: { ordered: 1, passed: 1, failed: 0, errors: 0, held: 0 },
  decisions: [],
  units: [UNIT],
};

describe('certline lot verify', () => {
  async function verified(content: string, ...more: readonly string[]): Promise<Ended> {
    const place = newPlace();
    const file = join(place.folder, 'd.json');
    writeFileSync(file, content);
    return await place.certline('lot', 'verify', file, ...more);
  }

  it('refuses a dossier that somebody else signed under the name of the signer', async () => {
    const { verifier } = createAuditKey(join(newPlace().folder, 'audit.pem'));
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = { verifier: noteVerifierOf(verifier.name, privateKey), privateKey };
    const text = await verified(signedDossier(DOSSIER, forged));
    expect(text).toMatchObject({
      status: 33,
      stdout: expect.stringContaining('not an audit key under its own'),
    });
    expect(text.stdout).not.toContain(verifier.name);
    const document = json(await verified(signedDossier(DOSSIER, forged), '--json'));
    expect(document).not.toHaveProperty('key');
  });

  it('shows what a stranger wrote without controlling the terminal', async () => {
    const own = createAuditKey(join(newPlace().folder, 'audit.pem'));
    const text = await verified(signedDossier({ ...DOSSIER, batch: 'PO-1\u001B[2J\u202E' }, own));
    expect(text).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Lot PO-1\\u{1b}[2J\\u{202e}: 1 units'),
    });
    expect(text.stdout).not.toMatch(/[^\n\P{C}]/u);
  });

  it('gives a sentence for everything that is no file of a dossier', async () => {
    const place = newPlace();
    const paths = ['folder', 'huge', 'no', 'empty'].map((name) => join(place.folder, name));
    const [folder, huge, missing, empty] = paths as [string, string, string, string];
    mkdirSync(folder);
    for (const path of [huge, empty]) writeFileSync(path, '');
    truncateSync(huge, 3 * 2 ** 30);
    const good = join(place.folder, 'd.json');
    writeFileSync(good, signedDossier(DOSSIER, createAuditKey(join(place.folder, 'audit.pem'))));
    for (const [path, reason] of [
      [folder, 'it is a folder'],
      [huge, 'more than'],
      [missing, 'no such file'],
    ] as const)
      for (const args of [[path], [good, '--key', path]])
        expect(await place.certline('lot', 'verify', ...args)).toMatchObject({
          status: 5,
          stdout: '',
          stderr: expect.stringMatching(new RegExp(`^certline: The file ${path} cannot be read .*${reason}`)),
        });
    expect(await place.certline('lot', 'verify', empty)).toMatchObject({ status: 33, stderr: '' });
    expect(await place.certline('lot', 'verify', good, '--key', empty)).toMatchObject({ status: 2 });
  });
});
