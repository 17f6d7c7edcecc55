import { expect, it } from 'vitest';
import { postgresUrlFault } from '../../sql/postgres-place.ts';

it.each([
  'localhost',
  'LOCALHOST',
  'localhost.',
  '127.0.0.1',
  '127.1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
])('a server on this host needs no TLS, however the host is spelled: %s', (host) => {
  expect(postgresUrlFault(`postgresql://u@${host}/ledger`)).toBeUndefined();
});

it.each([
  'db.example',
  '127.0.0.1.example',
  '10.127.0.1',
  '[2001:db8::1]',
  '[::ffff:10.0.0.1]',
  'x%40localhost',
])('a server on another host needs a word about TLS: %s', (host) => {
  const fault = postgresUrlFault(`postgresql://u@${host}/ledger`);
  expect(fault).toContain('is on another host: add sslmode=verify-full');
});
