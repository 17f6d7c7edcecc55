import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandError } from '../../cli/exit-status.ts';
import { readGivenFile } from '../../cli/given-file.ts';
import { readGivenLines } from '../../cli/given-lines.ts';
import { noteVerifierOf, verifierText } from '../../pki/keys/signed-note.ts';
import { signOrder } from '../../pki/orders/order.ts';
import { newPlace, PRODUCT } from '../support/certline.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

const WANTED = { content: 'a list', maxBytes: 2 ** 20 };

function reasonOf(path: string): string {
  try {
    readGivenFile(path, WANTED);
  } catch (error) {
    if (error instanceof CommandError && error.reason === 'unknown') return error.message;
    throw error;
  }
  return '';
}

describe('a file that a person named', () => {
  it('is read whole, also from a pipe', () => {
    const content = Buffer.alloc(300_000, 'abc');
    const file = temporaryFile(content);
    expect(readGivenFile(file, WANTED)).toEqual(content);
    const pipe = join(file, '..', 'pipe');
    execFileSync('mkfifo', [pipe]);
    execFileSync('sh', ['-c', `cat '${file}' > '${pipe}' &`], { stdio: 'ignore' });
    expect(readGivenFile(pipe, WANTED)).toEqual(content);
  });

  it('is refused with the reason, and with what it was to be', () => {
    const folder = temporaryFolder();
    expect(reasonOf(folder)).toBe(`The file ${folder} cannot be read (it is a folder): give a list.`);
    expect(reasonOf(join(folder, 'no'))).toContain('(there is no such file)');
    expect(reasonOf('/dev/zero')).toContain('(it has more than 1 MiB)');
    const large = temporaryFile('');
    truncateSync(large, 3 * 2 ** 30);
    expect(reasonOf(large)).toContain('(it has more than 1 MiB)');
  });

  it('is read line by line, wherever its blocks end, from any byte', async () => {
    const lines = ['', 'a\u2028b\r', 'ü'.repeat(50_000), 'x'.repeat(70_000), 'end'];
    const file = temporaryFile(lines.join('\n'));
    expect(await Array.fromAsync(readGivenLines(file, WANTED))).toEqual(lines);
    expect(await Array.fromAsync(readGivenLines(file, WANTED, 1))).toEqual(lines.slice(1));
    expect(await Array.fromAsync(readGivenLines(temporaryFile('a\n'), WANTED))).toEqual(['a']);
    const long = temporaryFile('');
    truncateSync(long, 3 * 2 ** 30);
    await expect(Array.fromAsync(readGivenLines(long, WANTED))).rejects.toThrow(
      'a text line that is too long',
    );
    await expect(Array.fromAsync(readGivenLines(temporaryFolder(), WANTED))).rejects.toThrow(
      'it is a folder',
    );
  });
});

/** Every command that reads a file which somebody names: what is typed for the one at `path`, beside which others are. */
const READERS: Readonly<Record<string, (path: string, beside: string) => readonly string[]>> = {
  'lot verify': (path) => ['lot', 'verify', path],
  'lot verify --key': (path, beside) => ['lot', 'verify', join(beside, 'null.json'), '--key', path],
  'lot dossier --registry': (path) => ['lot', 'dossier', 'PO-1', '--registry', path],
  'audit verify': (path) => ['audit', 'verify', path],
  'audit verify --key': (path, beside) => ['audit', 'verify', beside, '--key', path],
  'audit verify --checkpoint': (path, beside) => ['audit', 'verify', beside, '--checkpoint', path],
  'registry apply-crl': (path) => ['registry', 'apply-crl', path],
  'registry apply-crl --issuer': (path, beside) => [
    'registry',
    'apply-crl',
    join(beside, 'null.json'),
    '--issuer',
    path,
  ],
  validate: (path) => ['validate', path],
  submit: (path) => ['submit', path],
  'rework create': (path) => ['rework', 'create', '--serials', path, '--kind', 'renew', '--reason', 'x'],
  'ca import': (path) => ['ca', 'import', path],
  'ca import --key': (path, beside) => ['ca', 'import', join(beside, 'null.json'), '--key', path],
  'ca crl --root': (path) => ['ca', 'crl', '--root', path],
  'order create --serials': (path) => ['order', 'create', 'PO-1', '--product', 'p', '--serials', path],
  'order sign': (path) => ['order', 'sign', path],
  'order show': (path) => ['order', 'show', path],
  'order show --release-keys': (path, beside) => [
    'order',
    'show',
    join(beside, 'good.order'),
    '--release-keys',
    path,
  ],
  'cert lint': (path) => ['cert', 'lint', path],
  'cert lint --issuer': (path, beside) => ['cert', 'lint', join(beside, 'null.json'), '--issuer', path],
  'cert show': (path) => ['cert', 'show', path],
  simulate: (path) => ['simulate', '--line', path],
  '--config': (path) => ['--config', path, 'batch', 'list'],
};

const HOSTILE: Readonly<Record<string, (path: string) => void>> = {
  'a folder': (path) => mkdirSync(path),
  'a file larger than a text of Node.js': (path) => (
    writeFileSync(path, ''),
    truncateSync(path, 600 * 2 ** 20)
  ),
  'a binary file': (path) => writeFileSync(path, Buffer.from([0, 0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x0a, 0x9b])),
  'JSON null': (path) => writeFileSync(path, 'null\n'),
  'an empty file': (path) => writeFileSync(path, ''),
};

describe.each(Object.keys(HOSTILE))('%s', (kind) => {
  it('in the place of what a command reads ends it with a sentence', async () => {
    const place = newPlace();
    const beside = temporaryFolder();
    for (const name of ['null.json', 'audit.jsonl', 'audit.pub', 'audit.checkpoint'])
      writeFileSync(join(beside, name), 'null\n');
    const { privateKey } = generateKeyPairSync('ed25519');
    const verifier = noteVerifierOf('oem', privateKey);
    writeFileSync(join(beside, 'audit.pub'), verifierText(verifier));
    writeFileSync(join(beside, 'release.keys'), verifierText(verifier));
    const order = { order: 'PO-1', revision: 1, products: [PRODUCT.name], quantity: 1, reissues: 0 };
    const open = { opens: '2020-01-01T00:00:00.000Z', closes: '9999-12-31T23:59:59.000Z' };
    writeFileSync(join(beside, 'good.order'), signOrder({ ...order, ...open }, verifier, privateKey));
    for (const [command, args] of Object.entries(READERS)) {
      // A manifest is told by its name first.
      const path = join(place.folder, command === 'submit' || command === 'validate' ? 'x.csv' : 'x');
      HOSTILE[kind]!(path);
      const { status, stdout, stderr } = await place.certline(...args(path, beside));
      rmSync(path, { recursive: true });
      // What is in a manifest is for the factory line to judge.
      if (command !== 'submit') expect({ command, status, stderr }).not.toMatchObject({ status: 0 });
      expect({ command, status, stderr }).not.toMatchObject({ status: 70 });
      expect({ command, stderr }).not.toMatchObject({ stderr: expect.stringMatching(/^ +at /m) });
      expect({ command, told: stdout + stderr }).toMatchObject({ told: expect.stringMatching(/[.:]/) });
      expect({ command, told: stdout + stderr }).not.toMatchObject({
        told: expect.stringMatching(/(?!\n)\p{Cc}/u),
      });
    }
  });
});
