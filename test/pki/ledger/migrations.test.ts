import { expect, it } from 'vitest';
import { ledgerMigrations } from '../../../pki/ledger/migrations.ts';
import { POSTGRESQL, SQLITE } from '../../../sql/dialect.ts';
import { schemaDigests } from '../../sql/schema-digests.ts';

/** A new version adds a digest; none of the others may change, since databases with those schemas exist. */
const RELEASED = [
  '0d86bf5e631bc21ee950fcf0afbbe95f2bf92271f5bc20c1af6b839b0997dcfe',
  '4da11a10399272129d0c6f06c299a4203fafb1633d4a4dac8d88a7cbede9bd17',
  'f0dce0190e520e52311634bd14669a16ad3d62bd9adc3e2464686e004b016649',
  'a7bdd14c95254cb57ef1daae09bc7c92b9dcde2687ba5208691a8e9b131196d2',
  '41dddb4e7e31311157fb9b81ab2c641f509b92e2dc234f57eed1d868d352eab7',
  '6f27062d876e81876a3c8cf782e63192daff9c45b3e32199d102d389df8f464c',
  'a6f17eedad143a03c676827ea52c0af68656a1e4389454f99cbdede5888b860e',
  '96d378145d3b67a2c7f881e3838409410565b8fe6628f29fe9cb0a6e0fcfef61',
  '89acf4d5b63593bcaa90689b5b3eb421ac3d8ea8a7b49fcf2ecfcc128dfe2d59',
  '3fa1c2add6611cfa52054e774586a32c2c56f7bdc34e910f1dbd26d492f78a84',
  'c42b323bd856274d9e64765501391ef76da259c63ad8e514e8aec6fd7fb41bcb',
  '1952c3560f988c796f8fa87e6f0321b973f4bd2057177fdfeb4bc6d931c3c3b1',
  'ee491100c1f7ed8f2fce59ad3bbbcedea943fada46d78301b5681caa1cc05d0b',
  '510a0069fe767b001d2a795c1370377a5d6875cb921a95086f8b58917d5bd687',
  '2f9c657d1ea4cc0ea8f40e5e0a5a51902d2bbdbfa686e0d0380fdc9b6c5c34b6',
  '745a56846c511fc4e6bafea97d1b05d6ff49ffbe3fdccf2fd4b7902f05727670',
  'b50257d00c37c373a3c46ecfeafd3f890c835bbf39ed3b832c492a7786ffc987',
  '5bcea6beac74435d2e0515848daa32eddae71dd713a179aba4a8e08975df6dd9',
  '863907acc1bb78d815c42d141044b9b52cf4055bbe6c1ab2863d4c94e4aa7494',
];

it('the schema of each released version of a ledger stays what it was, to the byte', () => {
  expect(schemaDigests(ledgerMigrations(SQLITE))).toEqual(RELEASED);
});

it('PostgreSQL has as many versions', () => {
  expect(ledgerMigrations(POSTGRESQL)).toHaveLength(RELEASED.length);
});
