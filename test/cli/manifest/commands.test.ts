import { createHash, generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readManifestFile } from '../../../cli/manifest/manifest-file.ts';
import { openInbox } from '../../../manifests/intake/inbox.ts';
import { createIntake } from '../../../manifests/intake/intake.ts';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { lockLine } from '../../../line/lock.ts';
import { ordersFolder, registryPath, releaseKeysPath } from '../../../line/state-folder.ts';
import { noteVerifierOf, verifierText } from '../../../pki/keys/signed-note.ts';
import { signOrder } from '../../../pki/orders/order.ts';
import type { Order } from '../../../pki/orders/order.ts';
import { json, newPlace, PRODUCT } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';

const MANIFESTS = join(import.meta.dirname, '..', '..', '..', 'manifests');
const EXAMPLE = join(MANIFESTS, 'example.csv');
const FAULTY = join(MANIFESTS, 'faulty.csv');

interface Judgement {
  status: string;
  issues: { line: number; column: string; value: string; expected: string; code: string }[];
}

/** A line as far as a planner sees it: it holds the lock, watches the inbox, judges and registers. */
async function startLine(place: Place): Promise<void> {
  const lock = lockLine(place.state);
  const registry = openRegistryFile(registryPath(place.state));
  const inbox = await openInbox({
    folder: place.inbox,
    stateFolder: place.state,
    settleMs: 50,
    incompleteMs: 200,
    accept: createIntake({
      products: [{ name: PRODUCT.name, assignment: 'any-board', commonName: '{serial}' }],
      registered: registry,
      askOrder: undefined,
      socketProducts: undefined,
      nameOf: ({ name }) => name,
      stageBatch: registry.stageBatch.bind(registry),
      startBatch: async ({ batchId }) => registry.recordStart(batchId),
    }),
    hasBatch: async () => false,
    report: () => undefined,
  });
  onTestFinished(async () => {
    await inbox.close();
    await registry.close();
    lock.release();
  });
}

function contentOf(folder: string): Record<string, string> {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  const hash = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries(names.map((name) => [name, hash(name)]));
}

async function recordOf(place: Place): Promise<unknown> {
  const registry = openRegistryFile(registryPath(place.state));
  try {
    return [await registry.listBatches(), await registry.unit('CL-000007')];
  } finally {
    await registry.close();
  }
}

describe('certline validate', () => {
  it('finds the example right', async () => {
    const { status, stdout, stderr } = await newPlace().certline('validate', EXAMPLE);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('is valid: order PO-1001, 24 units.');
  });

  it('shows every fault of the faulty one in a row, with status 3 and no effect', async () => {
    const place = newPlace();
    const [text, document] = await Promise.all([
      place.certline('validate', FAULTY),
      place.certline('validate', FAULTY, '--json'),
    ]);
    expect([text.status, document.status]).toEqual([3, 3]);
    const { status, issues } = json(document) as Judgement;
    expect(status).toBe('rejected');
    expect(new Set(issues.map(({ code }) => code)).size).toBe(12);
    const lines = text.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^line +column +value +expected +code$/);
    // The faults, then what each of the twelve codes means, and what to do.
    expect(lines).toHaveLength(1 + issues.length + 1 + 12 + 1);
    expect(lines.at(-2)).toMatch(/^MANIFEST_CUT_SHORT +The last CSV row is incomplete/);
    for (const [at, { line, code }] of issues.entries()) {
      expect(lines[at + 1]).toMatch(new RegExp(`^ *${line} .* ${code}$`));
    }
    expect(text.stderr).toBe('');
    expect(contentOf(place.state)).toEqual({});
    expect(existsSync(place.inbox)).toBe(false);
  });

  it('compares with what is registered, and leaves the registry as it is', async () => {
    const place = newPlace();
    await startLine(place);
    await place.certline('submit', EXAMPLE);
    const other = join(place.folder, 'other.csv');
    writeFileSync(other, 'order,serial,product\nPO-2,CL-000007,golioth-node\nPO-2,CL-900007,golioth-node\n');
    const before = await recordOf(place);
    const [again, conflict] = await Promise.all([
      place.certline('validate', EXAMPLE),
      place.certline('validate', other, '--json'),
    ]);
    expect(again.status).toBe(0);
    expect(again.stdout).toMatch(/was accepted before, as example\.csv: it is batch PO-1001-/);
    expect(conflict.status).toBe(3);
    expect((json(conflict) as Judgement).issues).toMatchObject([
      { line: 2, column: 'serial', value: 'CL-000007', code: 'MANIFEST_SERIAL_REGISTERED' },
    ]);
    expect(await recordOf(place)).toEqual(before);
  });

  it('says of a list to which units were added what the line says', async () => {
    const place = newPlace();
    await startLine(place);
    const lot = join(place.folder, 'lot7.csv');
    const first = 'order,serial,product\nPO-7,AB-1,golioth-node\n';
    writeFileSync(lot, first);
    await place.certline('submit', lot);
    writeFileSync(lot, `${first}PO-7,AB-2,golioth-node\n`);
    const { status, stdout } = await place.certline('validate', lot);
    expect(status).toBe(0);
    expect(stdout).toMatch(/is valid: order PO-7, 1 new units\.\nIts other units are in batch PO-7-/);
    const longer = join(place.folder, 'lot8.csv');
    copyFileSync(lot, longer);
    expect((await place.certline('submit', longer)).stdout).toContain(
      'The other units of the file are in PO-7-',
    );
  });

  it('shows a long path whole, and says no CSV row is wrong where the file as a whole is', async () => {
    const place = newPlace();
    const folder = join(place.folder, 'deep-'.repeat(20));
    mkdirSync(folder);
    const file = join(folder, 'lot7.rows-3.csv');
    writeFileSync(file, 'order,serial,product\nPO-7,AB-1,golioth-node\nPO-7,AB-2,golioth-node\n');
    const { status, stdout } = await place.certline('validate', file);
    expect(status).toBe(3);
    expect(stdout).toContain(`${file} is refused: 1 fault. Fix it and submit the manifest again.`);
  });

  it('refuses by the rules for whole files too, and knows when there is none', async () => {
    const place = newPlace();
    const text = join(place.folder, 'lot.txt');
    copyFileSync(EXAMPLE, text);
    const [name, missing] = await Promise.all([
      place.certline('validate', text, '--json'),
      place.certline('validate', join(place.folder, 'nope.csv')),
    ]);
    expect(name.status).toBe(3);
    expect((json(name) as Judgement).issues).toMatchObject([{ line: 0, code: 'MANIFEST_NAME' }]);
    expect(missing).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining('There is no file'),
    });
  });
});

describe('certline manifest new', () => {
  it('writes what validate accepts, once order and serials are given', async () => {
    const place = newPlace();
    const file = join(place.folder, 'lot.csv');
    const given = ['--product', PRODUCT.name, '--rows', '12', '--order', 'PO-7'];
    const made = await place.certline('manifest', 'new', ...given, '--first-serial', 'CL-008', '--out', file);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(file, 'utf8').split('\r\n').slice(0, 3)).toEqual([
      'certline-manifest,1,',
      'order,serial,product',
      'PO-7,CL-008,golioth-node',
    ]);
    const { stdout } = await place.certline('validate', file);
    expect(stdout).toContain('is valid: order PO-7, 12 units.');
    expect((await place.certline('manifest', 'new', ...given, '--out', file)).status).toBe(6);
  });

  it.each([
    ['lot7.xlsx', 2, 'give --out a name that ends in .csv'],
    ['lot7', 2, 'give --out a name that ends in .csv'],
    ['lot7.result.csv', 2, 'A manifest cannot have the name lot7.result.csv'],
    [join('no', 'lot7.csv'), 50, 'the folder does not exist'],
  ])('writes no file %s', async (name, status, says) => {
    const place = newPlace();
    const out = join(place.folder, name);
    const made = await place.certline(
      'manifest',
      'new',
      '--product',
      PRODUCT.name,
      '--rows',
      '1',
      '--out',
      out,
    );
    expect(made).toMatchObject({ status, stdout: '', stderr: expect.stringContaining(says) });
    expect(made.stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(out)).toBe(false);
  });

  it('makes none with more units than a manifest may have', async () => {
    const made = await newPlace().certline('manifest', 'new', '--product', PRODUCT.name, '--rows', '1000001');
    expect(made).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('at most 1000000 units'),
    });
  });

  it('names the products there are', async () => {
    const { status, stderr } = await newPlace().certline('manifest', 'new', '--product', 'x', '--rows', '1');
    expect(status).toBe(5);
    expect(stderr).toContain(PRODUCT.name);
  });
});

describe('certline validate and the order', () => {
  it('says what the signer of this host would say', async () => {
    const place = newPlace();
    const lot = join(place.folder, 'lot.csv');
    writeFileSync(lot, 'order,serial,product\nPO-7,AB-1,golioth-node\nPO-7,AB-2,golioth-node\n');
    expect((await place.certline('validate', lot)).stdout).toContain('Its order was not checked');
    mkdirSync(ordersFolder(place.state), { recursive: true });
    const codes = async (): Promise<string[]> =>
      (json(await place.certline('validate', lot, '--json')) as Judgement).issues.map(({ code }) => code);
    expect(await codes()).toEqual(['MANIFEST_ORDER_UNKNOWN']);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const key = noteVerifierOf('oem', publicKey);
    writeFileSync(releaseKeysPath(place.state), `${verifierText(key)}\n`);
    const put = (changes: Partial<Order>): void => {
      const order = {
        order: 'PO-7',
        revision: 1,
        products: [PRODUCT.name],
        quantity: 2,
        reissues: 5,
        opens: '2020-01-01T00:00:00.000Z',
        closes: '9999-12-31T23:59:59.000Z',
        ...changes,
      };
      writeFileSync(join(ordersFolder(place.state), 'PO-7.order'), signOrder(order, key, privateKey));
    };
    put({ quantity: 1 });
    expect(await codes()).toEqual(['MANIFEST_ORDER_QUANTITY']);
    put({ closes: '2021-01-01T00:00:00.000Z' });
    expect(await codes()).toEqual(['MANIFEST_ORDER_EXPIRED']);
    put({ products: ['other'] });
    expect(await codes()).toEqual(['MANIFEST_ORDER_MISMATCH']);
    put({});
    const { status, stdout } = await place.certline('validate', lot);
    expect(status).toBe(0);
    expect(stdout).not.toContain('Its order was not checked');
  });
});

describe('certline submit without a line', () => {
  it('drops the file whole and says when it will be read', async () => {
    const place = newPlace();
    const { status, stdout } = await place.certline('submit', EXAMPLE);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Dropped .*inbox\/example\.csv\n.*it will read the manifest when it starts/);
    expect(contentOf(place.inbox)).toEqual({ 'example.csv': contentOf(MANIFESTS)['example.csv'] });
    const again = json(await place.certline('submit', EXAMPLE, '--json'));
    expect(again).toEqual({ file: join(place.inbox, 'example.csv'), status: 'dropped' });
  });

  it('never takes the name of another file', async () => {
    const place = newPlace();
    mkdirSync(place.inbox);
    writeFileSync(join(place.inbox, 'example.csv'), 'another one');
    const { status, stdout, stderr } = await place.certline('submit', EXAMPLE);
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' });
    expect(stderr).toContain('example-2.csv');
    expect(readdirSync(place.inbox)).toEqual(['example.csv']);
    expect(readFileSync(join(place.inbox, 'example.csv'), 'utf8')).toBe('another one');
  });

  it('drops nothing that is not what the file beside it says', async () => {
    const place = newPlace();
    const half = join(place.folder, 'lot7.csv');
    writeFileSync(half, 'order,serial,product\nPO-7,AB-1,golioth-node\n');
    writeFileSync(join(place.folder, 'LOT7.csv.sha256'), `${'0'.repeat(64)}  lot7.csv\n`);
    const refused = await place.certline('submit', half, '--priority', '1');
    expect(refused).toMatchObject({ status: 3, stderr: '' });
    expect(refused.stdout).toMatch(/the file with SHA-256 0{64}: copy it again/);
    const document = await place.certline('submit', half, '--json');
    expect(json(document)).toMatchObject({ file: half, status: 'rejected' });
    expect((json(document) as { issues: string[][] }).issues).toEqual([
      [
        '',
        '',
        expect.any(String),
        expect.any(String),
        expect.stringContaining('copy it again'),
        'MANIFEST_DIGEST',
      ],
    ]);
    expect(existsSync(place.inbox)).toBe(false);
    const digest = createHash('sha256').update(readFileSync(half)).digest('hex');
    writeFileSync(join(place.folder, 'LOT7.csv.sha256'), `${digest}  lot7.csv\n`);
    expect(await place.certline('submit', half, '--priority', '1')).toMatchObject({ status: 0 });
    expect(readdirSync(place.inbox)).toEqual(['lot7.priority-1.csv']);
  });

  it('refuses names that the inbox would pass over', async () => {
    const place = newPlace();
    for (const name of ['.hidden.csv', 'lot.result.csv', 'lot.csv.tmp', 'README.md']) {
      const path = join(place.folder, name);
      copyFileSync(EXAMPLE, path);
      await expect(readManifestFile(path)).rejects.toMatchObject({ reason: 'manifestRefused' });
    }
    const { status, stderr } = await place.certline('submit', join(place.folder, 'README.md'));
    expect(status).toBe(3);
    expect(stderr).toContain('README.md');
    expect(existsSync(place.inbox)).toBe(false);
  });

  it('does not ask to rename a workbook', async () => {
    const workbook = temporaryFile('PK\u0003\u0004', 'lot7.xlsx');
    await expect(readManifestFile(workbook)).rejects.toThrow(
      /expected: a CSV file: Excel: Save as, CSV UTF-8/,
    );
  });

  it('will not wait for what cannot come', async () => {
    const place = newPlace();
    const { status, stderr } = await place.certline('submit', EXAMPLE, '--wait');
    expect(status).toBe(8);
    expect(stderr).toContain(join(place.inbox, 'example.accepted.json'));
  });

  it('says why it cannot write into the inbox, with status 50', async () => {
    const place = newPlace();
    writeFileSync(place.inbox, 'a file, not a folder');
    const { status, stderr } = await place.certline('submit', EXAMPLE);
    expect(status).toBe(50);
    expect(stderr).toMatch(/^certline: Cannot put the manifest into .*\n$/);
  });
});

describe('certline submit to a line', () => {
  it('brings the acceptance, and the same for the same file', async () => {
    const place = newPlace();
    await startLine(place);
    const first = await place.certline('submit', EXAMPLE);
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(
      /Accepted: batch (PO-1001-\w{8}), order PO-1001, 24 units\n.*certline batch watch PO-1001-/,
    );
    const again = json(await place.certline('submit', EXAMPLE, '--json'));
    expect(again).toMatchObject({ status: 'accepted', order: 'PO-1001', rows: 24 });
    const copy = join(place.folder, 'copy.csv');
    copyFileSync(EXAMPLE, copy);
    const copied = await place.certline('submit', copy);
    expect(copied.stdout).toContain('Accepted before; nothing was done again: batch PO-1001-');
  });

  it('takes a corrected file under the name of a refused one, and none under that of an accepted one', async () => {
    const place = newPlace();
    await startLine(place);
    const file = join(place.folder, 'lot.csv');
    const lot = (serial: string): void =>
      writeFileSync(file, `order,serial,product\nPO-7,${serial},golioth-node\n`);
    lot('ab-1');
    expect((await place.certline('submit', file)).status).toBe(3);
    lot('AB-1');
    expect(await place.certline('submit', file)).toMatchObject({ status: 0 });
    lot('AB-2');
    const { status, stderr } = await place.certline('submit', file);
    expect(status).toBe(6);
    expect(stderr).toContain('lot-2.csv');
  });

  it('brings the refusal, row by row, with status 3', async () => {
    const place = newPlace();
    await startLine(place);
    const { status, stdout, stderr } = await place.certline('submit', FAULTY);
    expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
    expect(stdout).toContain('MANIFEST_FORMULA');
    expect(stdout.match(/MANIFEST_\w+\n/g)).toHaveLength(12);
    expect(stdout).toMatch(/MANIFEST_FORMULA +The cell is a spreadsheet formula\./);
    const document = json(await place.certline('submit', FAULTY, '--json')) as {
      status: string;
      issues: string[][];
    };
    expect(document.status).toBe('rejected');
    expect(document.issues).toHaveLength(12);
  });
});
