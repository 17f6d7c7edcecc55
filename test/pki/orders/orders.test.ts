import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OrderDesk, readOrder } from '../../../pki/orders/order-desk.ts';
import { openOrder, orderText, parseOrderText, signOrder } from '../../../pki/orders/order.ts';
import type { Order } from '../../../pki/orders/order.ts';
import { serialListSha256, serialListText } from '../../../pki/orders/serial-list.ts';
import { createReleaseKey, loadReleaseKey, RELEASE_KEY_FILES } from '../../../pki/keys/release-key.ts';
import { readVerifierKeys } from '../../../pki/keys/verifier-key-file.ts';
import {
  noteVerifierOf,
  openNote,
  parseVerifier,
  signNote,
  verifierText,
} from '../../../pki/keys/signed-note.ts';
import { passphrase } from '../acme.ts';
import { makeCa } from '../leaf.ts';
import { openssl } from '../openssl.ts';
import { auditOf, code, makeLine } from '../signing/signing-line.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = temporaryFolder();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const key = noteVerifierOf('acme-release', publicKey);

const ORDER: Order = {
  order: 'PO-1001',
  revision: 1,
  products: ['sensor'],
  quantity: 100,
  reissues: 10,
  opens: '2026-01-01T00:00:00.000Z',
  closes: '2027-01-01T00:00:00.000Z',
  manifestSha256: 'ab'.repeat(32),
};
const FILE = signOrder(ORDER, key, privateKey);

describe('signed notes', () => {
  /** The example of Go's golang.org/x/mod/sumdb/note, whose format C2SP signed-note is. */
  const GO_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const GO_NOTE = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

  it("open as Go's documentation says", () => {
    const neumann = parseVerifier(GO_KEY)!;
    expect(verifierText(neumann)).toBe(GO_KEY);
    expect(openNote(GO_NOTE, neumann)).toMatch(/^If you think .*\n.* is\.\n$/);
    expect(openNote(GO_NOTE.replace('think', 'thank'), neumann)).toBeUndefined();
  });

  it('carry a signature that openssl verifies over the bytes of the text', () => {
    const text = 'one\ntwo ü\n';
    const note = signNote(text, key, privateKey);
    const line = note.trimEnd().split('\n').at(-1)!;
    writeFileSync(join(folder, 'text'), text);
    writeFileSync(join(folder, 'signature'), Buffer.from(line.split(' ')[2]!, 'base64').subarray(4));
    writeFileSync(join(folder, 'public.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
    const file = (name: string): string => join(folder, name);
    const input = ['-rawin', '-in', file('text'), '-sigfile', file('signature')];
    openssl('pkeyutl', '-verify', '-pubin', '-inkey', file('public.pem'), ...input);
    expect(openNote(note, key)).toBe(text);
  });

  it('are opened neither by another key of the same name, nor by the key under another name', () => {
    const note = signNote('text\n', key, privateKey);
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(openNote(note, noteVerifierOf('acme-release', other))).toBeUndefined();
    expect(openNote(note, noteVerifierOf('acme', publicKey))).toBeUndefined();
  });

  it('know a line that is no key', () => {
    const line = verifierText(key);
    for (const bad of ['', 'name', `${line}x`, line.replace('acme', 'acne'), `${line.slice(0, -3)}AAA`])
      expect(parseVerifier(bad)).toBeUndefined();
  });
});

describe('an order file', () => {
  it('opens with what was signed', () => {
    const { sha256, signedBy, ...order } = openOrder(FILE, [key], 'it');
    expect(order).toEqual(ORDER);
    expect(signedBy).toBe('acme-release');
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(parseOrderText(orderText(ORDER), 'it')).toEqual(ORDER);
  });

  it('opens with all that it may name', () => {
    const named = {
      ...ORDER,
      products: ['sensor', 'pump'],
      serialsSha256: 'cd'.repeat(32),
      profiles: { pump: '01'.repeat(32), sensor: '02'.repeat(32) },
      signer: 'certline-audit-0123456789abcdef',
    };
    const {
      sha256: _sha256,
      signedBy: _signedBy,
      ...order
    } = openOrder(signOrder(named, key, privateKey), [key], 'it');
    expect(order).toEqual(named);
  });

  it('does not open with any one byte changed', () => {
    const bytes = Buffer.from(FILE);
    const change = fc.record({ at: fc.nat(bytes.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(change, ({ at, by }) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= by;
        expect(() => openOrder(changed.toString(), [key], 'it')).toThrow(code('ORDER_INVALID'));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['cut short', FILE.slice(0, 100)],
    ['not signed', orderText(ORDER)],
    ['empty', ''],
    [
      'signed twice over, once wrongly',
      `${orderText(ORDER)}\n— acme-release ${Buffer.concat([key.keyId, Buffer.alloc(64)]).toString('base64')}\n`,
    ],
  ])('does not open when it is %s', (_name, file) => {
    expect(() => openOrder(file, [key], 'it')).toThrow(code('ORDER_INVALID', 'signature'));
  });

  it.each([
    ['other spaces', JSON.stringify(JSON.parse(orderText(ORDER)) as object)],
    ['a member twice', orderText(ORDER).replace('"quantity": 100', '"quantity": 1,\n  "quantity": 100')],
  ])('that is signed with %s is refused: it has one form', (_name, text) => {
    const file = signNote(`${text.trimEnd()}\n`, key, privateKey);
    expect(() => openOrder(file, [key], 'it')).toThrow(code('ORDER_INVALID', 'form'));
  });

  it.each([
    ['order', { order: '../../etc/passwd' }],
    ['order', { order: 'po-1' }],
    ['revision', { revision: 0 }],
    ['products', { products: [] }],
    ['quantity', { quantity: 0 }],
    ['quantity', { quantity: 1.5 }],
    ['reissues', { reissues: -1 }],
    ['opens', { opens: '2026-01-01' }],
    ['closes', { closes: '2025-01-01T00:00:00.000Z' }],
    ['manifestSha256', { manifestSha256: 'AB'.repeat(32) }],
    ['serialsSha256', { serialsSha256: 'ab' }],
    ['profiles', { profiles: { sensor: 'ab' } }],
    ['profiles', { profiles: { pump: 'ab'.repeat(32) } }],
    ['signer', { signer: 'certline-audit-1' }],
  ])('is not made with a wrong %s (%j)', (member, change) => {
    expect(() => orderText({ ...ORDER, ...change })).toThrow(code('ORDER_INVALID', 'content'));
    expect(() => orderText({ ...ORDER, ...change })).toThrow(member);
  });

  it('of another kind is refused, whoever signed it', () => {
    const text = orderText(ORDER).replace('certline-order-v1', 'certline-checkpoint-v1');
    const file = signNote(text, key, privateKey);
    expect(() => openOrder(file, [key], 'it')).toThrow(code('ORDER_INVALID', 'content'));
  });
});

describe('a release key', () => {
  it('lies encrypted, opens with its passphrase only, and signs what its line verifies', () => {
    const directory = join(folder, 'release');
    const made = createReleaseKey({ directory, passphrase: passphrase(), name: 'acme' });
    const pem = join(directory, RELEASE_KEY_FILES.key);
    expect(statSync(pem).mode & 0o777).toBe(0o600);
    const shown = openssl('pkey', '-in', pem, '-passin', 'pass:correct horse', '-text', '-noout');
    expect(shown.toString()).toContain('ED25519');
    const loaded = loadReleaseKey({ directory, passphrase: passphrase() });
    expect(readVerifierKeys(join(directory, RELEASE_KEY_FILES.verifierKey)).map(verifierText)).toEqual([
      verifierText(made),
    ]);
    const file = signOrder(ORDER, loaded.verifierKey, loaded.privateKey);
    expect(openOrder(file, [made], 'it')).toMatchObject(ORDER);
    expect(() => loadReleaseKey({ directory, passphrase: passphrase('battery staple') })).toThrow(
      code('PASSPHRASE_WRONG'),
    );
    expect(() => createReleaseKey({ directory, passphrase: passphrase(), name: 'acme' })).toThrow(
      code('CA_EXISTS'),
    );
    writeFileSync(join(directory, RELEASE_KEY_FILES.verifierKey), `${verifierText(key)}\n`);
    expect(() => loadReleaseKey({ directory, passphrase: passphrase() })).toThrow(code('CA_INCONSISTENT'));
    execFileSync('chmod', ['640', pem]);
    expect(() => loadReleaseKey({ directory, passphrase: passphrase() })).toThrow(code('CA_PERMISSIONS'));
  });
});

describe('the desk of a signer', () => {
  const ca = makeCa(folder);

  async function newDesk() {
    const home = temporaryFolder();
    const sources = { folder: join(home, 'orders'), releaseKeys: join(home, 'release-keys') };
    mkdirSync(sources.folder);
    writeFileSync(sources.releaseKeys, `# the OEM's\n\n${verifierText(key)}\n`);
    const { ledger } = makeLine(home, await ca);
    const put = (file: string, name = 'PO-1001.order'): void => {
      writeFileSync(join(sources.folder, 'new'), file);
      renameSync(join(sources.folder, 'new'), join(sources.folder, name));
    };
    return { sources, ledger, put, desk: new OrderDesk(sources, ledger.orders) };
  }

  it('admits an order, and a later revision of it as soon as that lies there', async () => {
    const { desk, put, ledger } = await newDesk();
    await expect(desk.admit('PO-1001')).rejects.toThrow(code('ORDER_UNKNOWN'));
    put(FILE);
    await desk.admit('PO-1001');
    await desk.admit('PO-1001');
    put(signOrder({ ...ORDER, revision: 2, quantity: 200 }, key, privateKey));
    await desk.admit('PO-1001');
    expect(await ledger.orders.orderStanding('PO-1001')).toMatchObject({ revision: 2, quantity: 200 });
    expect(await auditOf(ledger)).toHaveLength(2);
    put(FILE);
    await expect(desk.admit('PO-1001')).rejects.toThrow(code('ORDER_INVALID', 'revision'));
  });

  it('takes no order by a key that is not trusted any more', async () => {
    const { desk, put, sources } = await newDesk();
    put(FILE);
    await desk.admit('PO-1001');
    writeFileSync(sources.releaseKeys, '');
    await expect(desk.admit('PO-1001')).rejects.toThrow(code('ORDER_INVALID', 'signature'));
    writeFileSync(sources.releaseKeys, 'acme+xyz\n');
    await expect(desk.admit('PO-1001')).rejects.toThrow(code('VERIFIER_KEY_INVALID'));
    rmSync(sources.releaseKeys);
    await expect(desk.admit('PO-1001')).rejects.toThrow(code('ORDER_INVALID', 'signature'));
  });

  it.each<[string, (path: string) => void]>([
    ['order', (path) => symlinkSync(path, path)],
    ['serials', (path) => symlinkSync(path, path)],
    ['serials', (path) => mkdirSync(path)],
  ])('says which file it cannot read, and reads it once it can: %s', async (kind, block) => {
    const { desk, put, sources } = await newDesk();
    const list = serialListText(['CL-1']);
    const file = signOrder({ ...ORDER, serialsSha256: serialListSha256(list) }, key, privateKey);
    put(file);
    put(list, 'PO-1001.serials');
    const path = join(sources.folder, `PO-1001.${kind}`);
    rmSync(path);
    block(path);
    const refused = desk.admit('PO-1001');
    await expect(refused).rejects.toThrow(code('ORDER_INVALID', 'unreadable'));
    await expect(refused).rejects.toThrow(path);
    rmSync(path, { recursive: true });
    put(kind === 'order' ? file : list, `PO-1001.${kind}`);
    expect((await desk.admit('PO-1001')).serials).toEqual(new Set(['CL-1']));
  });

  it('says that a list of serials is too large', async () => {
    const { desk, put, sources } = await newDesk();
    put(signOrder({ ...ORDER, serialsSha256: 'cd'.repeat(32) }, key, privateKey));
    put('', 'PO-1001.serials');
    truncateSync(join(sources.folder, 'PO-1001.serials'), 64 * 1_048_576 + 1);
    await expect(desk.admit('PO-1001')).rejects.toThrow(/sign several orders/);
  });

  it.each([
    ['../PO-1001', 'ORDER_UNKNOWN'],
    ['/etc/passwd', 'ORDER_UNKNOWN'],
    ['po-1001', 'ORDER_UNKNOWN'],
    ['PO-1002', 'ORDER_INVALID'],
    ['PO-1003', 'ORDER_INVALID'],
  ])('refuses %j as %s', async (id, refusal) => {
    const { sources, put } = await newDesk();
    put(FILE, 'PO-1002.order');
    put(`${FILE}${'x'.repeat(70_000)}`, 'PO-1003.order');
    expect(() => readOrder(sources, id)).toThrow(code(refusal));
  });
});

it('is signed with the very key that the line says', () => {
  const text = orderText(ORDER);
  const signature = Buffer.from(FILE.trimEnd().split(' ').at(-1)!, 'base64').subarray(4);
  expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
});
