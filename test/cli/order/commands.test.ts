import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVerifierKeys } from '../../../pki/keys/verifier-key-file.ts';
import { openOrder } from '../../../pki/orders/order.ts';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { ledgerPath } from '../../../line/state-folder.ts';
import { json, newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

/** A place with a release key that its signer trusts. */
async function placeWithKey(): Promise<Place> {
  const place = newPlace();
  const made = await place.certline('order', 'key', 'init', '--name', 'acme');
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const line = readFileSync(join(place.state, 'release', 'release.vkey'), 'utf8');
  expect(made.stdout).toContain(line.trim());
  await openSqliteLedger(ledgerPath(place.state)).close();
  writeFileSync(join(place.state, 'signer', 'release-keys'), line);
  return place;
}

async function signedOrder(place: Place, ...options: string[]): Promise<string> {
  const file = join(place.folder, 'PO-1.order');
  const terms = ['--product', 'sensor', 'pump', '--quantity', '15', '--out', file];
  expect(await place.certline('order', 'create', 'PO-1', ...terms, ...options)).toMatchObject({ status: 0 });
  expect(await place.certline('order', 'sign', file)).toMatchObject({ status: 0, stderr: '' });
  return file;
}

describe('certline order', () => {
  it('makes, signs and shows an order with sensible terms', async () => {
    const place = await placeWithKey();
    expect(statSync(join(place.state, 'release.passphrase')).mode & 0o777).toBe(0o600);
    const file = await signedOrder(place, '--opens', '2026-01-01');
    expect(json(await place.certline('order', 'show', file, '--json'))).toMatchObject({
      order: 'PO-1',
      revision: 1,
      products: ['sensor', 'pump'],
      quantity: 15,
      reissues: 2,
      opens: '2026-01-01T00:00:00.000Z',
      closes: '2026-04-01T00:00:00.000Z',
      signedBy: 'acme',
      released: 0,
      closedAt: null,
    });
    const shown = await place.certline('order', 'show', file);
    expect(shown.stdout).toContain('good, by acme');
    expect(await place.certline('order', 'key', 'init')).toMatchObject({ status: 6 });
  });

  it('says why an order cannot be written', async () => {
    const place = newPlace();
    const out = join(place.folder, 'no', 'PO-1.order');
    const terms = ['--product', 'golioth-node', '--quantity', '1', '--out', out];
    expect(await place.certline('order', 'create', 'PO-1', ...terms)).toMatchObject({
      status: 50,
      stdout: '',
      stderr: `certline: Cannot write ${out}: the folder does not exist: create it, or give another path.\n`,
    });
  });

  it('names the serials of a manifest, the profiles of the configuration, and the signer', async () => {
    const place = await placeWithKey();
    const manifest = join(place.folder, 'lot.csv');
    writeFileSync(manifest, 'order,product,serial\nPO-1,golioth-node,CL-2\nPO-1,golioth-node,CL-1\n');
    const file = join(place.folder, 'PO-1.order');
    const signer = 'certline-audit-0123456789abcdef';
    const terms = ['--product', 'golioth-node', '--serials', manifest, '--profiles', '--signer', signer];
    const made = await place.certline('order', 'create', 'PO-1', ...terms, '--out', file);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(place.folder, 'PO-1.serials'), 'utf8')).toBe('CL-1\nCL-2\n');
    expect(await place.certline('order', 'sign', file)).toMatchObject({ status: 0 });
    expect(json(await place.certline('order', 'show', file, '--json'))).toMatchObject({
      quantity: 2,
      serialsSha256: '665c228a3bf2073992af1094d6080a10def1aa368013a9dd07399003646a6511',
      profiles: { 'golioth-node': expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      signer,
    });
    const shown = await place.certline('order', 'show', file);
    expect(shown.stdout).toMatch(/Serials +SHA-256 665c/);
    expect(shown.stdout).toMatch(/Signer +certline-audit-0123456789abcdef/);
    writeFileSync(manifest, 'order,product,serial\nPO-1,golioth-node,cl-2\n');
    const bad = await place.certline('order', 'create', 'PO-2', ...terms);
    expect(bad).toMatchObject({ status: 3, stdout: '' });
    expect(bad.stderr).toContain('text line 2 has no valid serial');
    const none = await place.certline('order', 'create', 'PO-2', '--product', 'sensor');
    expect(none).toMatchObject({ status: 2, stdout: '' });
  });

  it('replaces what was signed by a later revision alone, and a draft by any', async () => {
    const place = await placeWithKey();
    const file = await signedOrder(place);
    const signed = readFileSync(file, 'utf8');
    const terms = ['--product', 'sensor', '--quantity', '20', '--out', file];
    const refused = await place.certline('order', 'create', 'PO-1', ...terms);
    expect(refused).toMatchObject({ status: 6, stdout: '' });
    expect(refused.stderr).toContain(
      'holds revision 1 of order PO-1, signed: give this one a higher --revision',
    );
    expect(await place.certline('order', 'create', 'PO-2', ...terms)).toMatchObject({ status: 6 });
    expect(readFileSync(file, 'utf8')).toBe(signed);
    for (const quantity of ['20', '25']) {
      const later = ['--product', 'sensor', '--quantity', quantity, '--revision', '2', '--out', file];
      expect(await place.certline('order', 'create', 'PO-1', ...later)).toMatchObject({ status: 0 });
    }
    expect(readFileSync(file, 'utf8')).toContain('"quantity": 25');
  });

  it('lists the batches of an order, and takes one back by name', async () => {
    const place = await placeWithKey();
    const file = await signedOrder(place);
    const ledger = openSqliteLedger(ledgerPath(place.state));
    await ledger.orders.admitOrder(
      openOrder(
        readFileSync(file, 'utf8'),
        readVerifierKeys(join(place.state, 'release', 'release.vkey')),
        file,
      ),
    );
    const released = { order: 'PO-1', manifestSha256: 'ab'.repeat(32), releasedAt: new Date().toISOString() };
    await ledger.orders.releaseBatch({ ...released, batchId: 'HIDDEN', quantity: 6 });
    await ledger.close();
    expect((await place.certline('order', 'show', file)).stdout).toMatch(/HIDDEN +6 +0 +0 +0 +6 +abab/);
    const decision = ['--reason', 'not ours', '--by', 'A. Smith'];
    expect(await place.certline('order', 'withdraw', 'b7', ...decision)).toMatchObject({ status: 5 });
    const taken = await place.certline('order', 'withdraw', 'HIDDEN', ...decision);
    expect(taken).toMatchObject({ status: 0, stderr: '' });
    expect(taken.stdout).toContain('order PO-1 has 15 of 15 units left');
    const { batches } = json(await place.certline('order', 'show', file, '--json')) as { batches: object[] };
    expect(batches).toMatchObject([{ batchId: 'HIDDEN', quota: 6, returned: 6, unused: 0 }]);
    expect((await place.certline('audit', 'verify')).stdout).toContain('Checkpoint signed over 3 of them');
  });

  it('refuses an order that was changed after it was signed, or is not signed by a key that is trusted', async () => {
    const place = await placeWithKey();
    const file = await signedOrder(place);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"quantity": 15', '"quantity": 95'));
    const changed = await place.certline('order', 'show', file);
    expect(changed).toMatchObject({ status: 10, stdout: '' });
    expect(changed.stderr).toMatch(/was changed after it was signed/);
    writeFileSync(file, text);
    writeFileSync(join(place.state, 'signer', 'release-keys'), '');
    expect(await place.certline('order', 'show', file)).toMatchObject({ status: 10 });
    const own = join(place.state, 'release', 'release.vkey');
    expect(await place.certline('order', 'show', file, '--release-keys', own)).toMatchObject({ status: 0 });
    expect(await place.certline('order', 'show', 'PO-7')).toMatchObject({ status: 5 });
  });

  it.each([
    [['po-1', '--product', 'a', '--quantity', '1'], 10],
    [['PO-1', '--product', 'a', '--quantity', '0'], 2],
    [['PO-1', '--product', 'a', '--quantity', '1', '--closes', 'soon'], 2],
    [['PO-1', '--product', 'a', '--quantity', '1', '--closes', '2001-01-01'], 10],
    [['PO-1', '--product', 'a', '--quantity', '1', '--manifest', 'nowhere.csv'], 5],
  ])('makes no order of %j', async (args, status) => {
    expect(await newPlace().certline('order', 'create', ...args)).toMatchObject({ status, stdout: '' });
  });
});
