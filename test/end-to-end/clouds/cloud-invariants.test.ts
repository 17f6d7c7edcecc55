import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { cloudViolations } from './cloud-invariants.ts';
import type { CloudState } from './every-cloud.ts';

const certificateOf = (serial: string): Buffer => Buffer.from(`certificate of ${serial}`);
const hashOf = (serial: string): string => createHash('sha256').update(certificateOf(serial)).digest('hex');

/** A ledger in which CL-1 and CL-2 are in use, and CL-3 was revoked. */
function ledger(): string {
  const path = join(temporaryFolder(), 'ledger.db');
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE released_serial (serial, serial_folded);
    CREATE TABLE issuance (serial_folded, state, certificate)`);
  for (const [serial, state] of [
    ['CL-1', 'active'],
    ['CL-2', 'active'],
    ['CL-3', 'revoked'],
  ] as const) {
    db.prepare('INSERT INTO released_serial VALUES (?, ?)').run(serial, serial.toLowerCase());
    db.prepare('INSERT INTO issuance VALUES (?, ?, ?)').run(
      serial.toLowerCase(),
      state,
      certificateOf(serial),
    );
  }
  db.close();
  return path;
}

it.each<[string, Partial<CloudState>, string[]]>([
  ['has what is in use', {}, []],
  ['lacks one', { inUse: [hashOf('CL-1')] }, ['8: c lacks']],
  ['has one that has ended', { inUse: ['CL-1', 'CL-2', 'CL-3'].map(hashOf) }, ['8: c has']],
  ['has one twice', { inUse: ['CL-1', 'CL-2', 'CL-2'].map(hashOf) }, ['8: c has']],
  ['refuses one', { ended: [hashOf('CL-1')] }, ['8: c refuses']],
  ['has a stranger', { inUse: ['CL-1', 'CL-2', 'CL-9'].map(hashOf) }, ['8: c has', '9: c has']],
  ['had a stranger', { ended: [hashOf('CL-9')] }, ['9: c has']],
  ['knows only serials', { knowsBy: 'serial', inUse: ['CL-1', 'CL-2'], ended: ['CL-3'] }, []],
  [
    'knows only serials, and lacks one',
    { knowsBy: 'serial', inUse: ['CL-1'], ended: [] },
    ['8: c lacks CL-2'],
  ],
])('a cloud that %s', (_what, state, says) => {
  const well: CloudState = {
    name: 'c',
    knowsBy: 'certificate',
    inUse: ['CL-1', 'CL-2'].map(hashOf),
    ended: [hashOf('CL-3')],
  };
  const found = cloudViolations(ledger(), [{ ...well, ...state }]);
  expect(found).toEqual(says.map((text) => expect.stringContaining(text)));
});
