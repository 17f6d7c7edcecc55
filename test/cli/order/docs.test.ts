import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openSqliteLedger } from '../../support/sqlite-ledger.ts';
import { ledgerPath } from '../../../line/state-folder.ts';
import { newPlace, PRODUCT } from '../../support/certline.ts';
import { codeBlocks, pageOf, signerPages } from '../follow-docs.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const BLOCKS = signerPages().flatMap((page) => codeBlocks(pageOf(page), 'sh'));

/** A folder in which `certline` is a command, as where it is installed. */
function installed(place: { folder: string; state: string }): { cwd: string; env: NodeJS.ProcessEnv } {
  const bin = join(place.folder, 'bin');
  mkdirSync(bin);
  const [node, cli] = [join(ROOT, 'node_modules', '.bin', 'node'), join(ROOT, 'cli', 'certline.ts')];
  writeFileSync(join(bin, 'certline'), `#!/bin/sh\nexec '${node}' '${cli}' "$@"\n`);
  chmodSync(join(bin, 'certline'), 0o755);
  const path = `${bin}:${process.env['PATH']}`;
  return {
    cwd: place.folder,
    env: {
      PATH: path,
      HOME: place.folder,
      CERTLINE_STATE: place.state,
      CERTLINE_CONFIG: join(place.folder, 'certline.json'),
    },
  };
}

it('every `sh` command of docs/signer/ works, in the order of the pages', async () => {
  const place = newPlace();
  const sockets = [{ id: '1', port: '/dev/ttyACM0', product: PRODUCT.name }];
  place.configure({ products: [PRODUCT], stations: [{ id: 'st-1', sockets }] });
  // A signer has run here.
  await openSqliteLedger(ledgerPath(place.state)).close();
  const shell = installed(place);
  expect(BLOCKS.length).toBeGreaterThan(8);
  let said = '';
  for (const block of BLOCKS) {
    const { stdout, stderr } = await promisify(execFile)('sh', ['-e', '-c', block], shell);
    expect(stderr).toBe('');
    said += stdout;
  }
  expect(said).toContain('Order PO-1001 is closed permanently');
  expect(said).toContain('Station st-1 is enrolled, for 60 certificates a minute');
  expect(said).toContain('Station st-1 is revoked');
});
