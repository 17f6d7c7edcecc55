import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openRegistryFile } from '../../../registry/record/open-registry.ts';
import { registryMigrations } from '../../../registry/record/migrations.ts';
import { SQLITE } from '../../../sql/dialect.ts';
import { schemaDigests } from '../../sql/schema-digests.ts';
import { registryPath } from './opened.ts';

/** A new version adds a digest; none of the others may change, since databases with those schemas exist. */
const RELEASED = [
  '489ad6ce1ce0f3955b89af92f20ae98cd33aeca63ba4a5592e89876c671b8675',
  'd3001df140c3ae9a351d9225d86efa330d6c1d6a5382b39d880bc9b216a396d6',
  'a84068bf12c4244ce0790b37765346a0813c17cfb200b51f4bf9ab4d5e63eda4',
  'c5f73c9a7720bbaccc02e30d3413e9207e07693bed80cf5182324a0232c12f18',
  'f8a7f5dcbe9043829cfe928b4b1e465ecb9c74ce9cfb85b5c2afea0167f957b0',
  '5b3ae838d59691c552a9c9d6e8dcb4a96e360cc4e815f3c8e67c1f640c8ca192',
  'd69c2f259d9da4dbbbf8916fb7360d58c6553ef885964c547195b695797870a7',
  '495c0466f1c5c07f7147cf7f23120ca2a06a1c1637fca659e849757bc9eba724',
  '5a1b7d0440f84fd5a580b710afd1b6d60b95fdc36861a1c5b527e42d76bc2fd6',
  'd4a018b01c9fc31368e5d4802d86c3abdfba0002dfe28c31795017b1b0f20ffb',
  '6fa2ba7dce4aa28809f439f7b5156a81d0f607d7bbc04e3528692b8dadc4f91a',
  'c132ef83e43086c0c1299d9657697a44ed89be535e0340fa0b781f21d3e532a8',
  'e863fa60d2160ed6474faa069275924ba509f81eaad614efc6c885f94630dad1',
  '9b5c60be86dbc623c2de5284a05bd630921ea15bbbb442d098c2f38645015b0e',
  '6e3b8db0636b8a07bee4f185d181977b6169352c15d08ec248fd29020e0f82e9',
  '366ff90b8ad4482ab67d8bb7ec2206643f7311f596813c7015bd109da0568cc1',
  'ae319a7ec7d80f415f0f9ce0bc1241ccea6328c4897a97dfe39cb1d7b0366c29',
  '1cd9ff5834cdc670c7f416dcda69349fb536abd73ac6085a108b1d98ac1727ca',
  '29a58246a92943acad067634298f534f8dade1eddcf32441b9b7ef6c9726e5d9',
];

it('the schema of each released version of a registry stays what it was, to the byte', () => {
  expect(schemaDigests(registryMigrations(SQLITE))).toEqual(RELEASED);
});

/** Units with and without a board, freed, under way, referred to, and one of a batch that was being imported. */
const ROWS = `
  INSERT INTO batches (batch_id, order_number, manifest, sha256, row_count, imported_at) VALUES ('B', 'PO-1', 'm.csv', 'd', 3, 't');
  INSERT INTO units (unit_id, batch_id, row_number, serial, serial_folded, product, board_wanted, attrs, outcome, freed_at, board_freed)
    VALUES (1, 'B', 1, 'CL-1', 'cl-1', 'node', 'aa', '{"a":"b"}', 'PASS', NULL, NULL),
      (2, 'B', 2, 'CL-2', 'cl-2', 'node', NULL, '{}', NULL, NULL, NULL),
      (5, 'B', 3, 'CL-3', 'cl-3/B', 'node', NULL, '{}', 'ERROR', 't', 'bb'),
      (9, 'S', 1, 'CL-4', 'cl-4', 'node', NULL, '{}', NULL, NULL, NULL);
  INSERT INTO staged_batches VALUES ('S', 't');
  INSERT INTO attempts (unit_id, attempt, step) VALUES (1, 1, 'register');
  INSERT INTO decisions (batch_id, unit_id, attempt, verdict, decided_at) VALUES ('B', 1, 1, 'retry', 't');`;

/** The steps before the one that makes the index of boards. */
const BEFORE_INDEX_OF_BOARDS = 17;

it('an index of boards without empty entries leaves each unit, and what refers to it, as it was', async () => {
  const path = registryPath();
  const old = new DatabaseSync(path);
  const before = registryMigrations(SQLITE).slice(0, BEFORE_INDEX_OF_BOARDS);
  for (const migration of before) old.exec(migration);
  old.exec(`PRAGMA user_version = ${before.length}; PRAGMA foreign_keys = OFF; ${ROWS}`);
  const units = old.prepare('SELECT * FROM units ORDER BY unit_id').all();
  old.close();
  await openRegistryFile(path).close();
  const now = new DatabaseSync(path);
  expect(now.prepare('SELECT * FROM units ORDER BY unit_id').all()).toEqual(units);
  const dangling = now.prepare('PRAGMA foreign_key_check').all();
  expect(dangling).toEqual([{ table: 'units', rowid: 9, parent: 'batches', fkid: 0 }]);
  expect(() => now.exec('DELETE FROM units WHERE unit_id = 1')).toThrow(/FOREIGN KEY/);
  expect(() => now.exec(`UPDATE units SET board_wanted = 'aa' WHERE unit_id = 2`)).toThrow(/UNIQUE/);
  now.close();
});
