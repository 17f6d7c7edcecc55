import { createPublicKey, generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { callsPerSecond } from './per-second.ts';
import { makeOpensslChain, openssl } from './openssl-chain.ts';

const FOR_MS = 400;

/** What no signer on one thread can be faster than: each part alone, per second. `folder` is made. */
export function measureFloors(folder: string): Record<string, number> {
  const chain = join(folder, 'openssl');
  mkdirSync(chain, { recursive: true });
  makeOpensslChain(chain);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const message = Buffer.alloc(500, 7);
  const signature = sign('sha256', message, privateKey);
  const spki = {
    key: publicKey.export({ format: 'der', type: 'spki' }),
    format: 'der',
    type: 'spki',
  } as const;
  const issuer = new X509Certificate(readFileSync(join(chain, 'root.pem')));
  const der = new X509Certificate(readFileSync(join(chain, 'ica.pem'))).raw;
  const issuerKey = issuer.publicKey;
  const database = durableTable(join(folder, 'floor.db'));
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  const parts: Record<string, () => unknown> = {
    'crypto.sign': () => sign('sha256', message, privateKey),
    'crypto.verify': () => verify('sha256', message, publicKey, signature),
    createPublicKey: () => createPublicKey(spki),
    'X509Certificate parse + verify': () => new X509Certificate(der).verify(issuerKey),
    'SQLite, one durable row a commit': () => insert.run(message),
    'openssl x509 -req, a process each': opensslSigning(chain),
  };
  const floors = Object.entries(parts).map(([name, work]) => [name, callsPerSecond(work, FOR_MS)] as const);
  database.close();
  return Object.fromEntries(floors);
}

/** The modes of the ledger: WAL, synchronous=FULL. */
function durableTable(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS t (b BLOB)',
  );
  return database;
}

function opensslSigning(chain: string): () => void {
  const at = (name: string): string => join(chain, name);
  writeFileSync(at('unit.csr'), generateDeviceKey().createCsr({ serial: 'UNIT-1' }));
  const request = ['-req', '-inform', 'DER', '-in', at('unit.csr'), '-days', '3650'];
  const issuer = ['-CA', at('ica.pem'), '-CAkey', at('ica.key')];
  return () => openssl('x509', ...request, ...issuer, '-out', at('unit.pem'));
}
