import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { PoolConfig } from 'pg';
import { errnoOf } from '../disk/errno.ts';
import { FileNotPrivateError, readPrivateFile } from '../disk/private-file.ts';
import { DatabaseTroubleError } from './database-trouble.ts';

/** Where a database on PostgreSQL is. */
export interface PostgresPlace {
  /** `postgresql://user@host:port/database`; see `postgresUrlFault`. */
  readonly url: string;
  /** The password, in a file of mode 0600 or less; else from PGPASSWORD, for servers that ask for one. */
  readonly passwordFile?: string;
}

/** The port that PostgreSQL has by default. */
const DEFAULT_PORT = 5432;

/** What an address may say, in libpq's words. Anything else could undo what a store relies on. */
const PARAMETERS = new Set(['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']);
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const SSL_MODES = ['verify-full', 'disable'];

/**
 * What is wrong with an address; undefined when nothing is. It never repeats the address, which may hold a
 * password: that belongs elsewhere. A server on another host is reached by TLS unless the address says
 * `sslmode=disable`.
 */
export function postgresUrlFault(text: string): string | undefined {
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text))
    return 'is not an address like postgresql://user@host/database';
  if (!isDecodable(text)) return 'has a "%" that does not begin an escape of UTF-8: write it as %25';
  const url = new URL(text);
  const { searchParams: says } = url;
  if (url.password !== '' || says.has('password'))
    return 'contains a password: put the password into a file, and name the file as passwordFile';
  const strange = [...says.keys()].find((name) => !PARAMETERS.has(name));
  if (strange !== undefined) return `may have only ${[...PARAMETERS].join(', ')} after the "?"`;
  if (hostOf(url) === '') return 'has no host';
  if (!/^\/[^/]+$/.test(url.pathname)) return 'has no database';
  const mode = says.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) return `may have ${SSL_MODES.join(' or ')} as sslmode`;
  if (mode === null && !isLocal(hostOf(url)))
    return 'is on another host: add sslmode=verify-full, or sslmode=disable if nobody can read the network';
  const relative = FILES.find((name) => says.has(name) && !says.get(name)!.startsWith('/'));
  return relative === undefined ? undefined : `needs an absolute path as ${relative}`;
}

/** The place in sentences: host and database, without the user. */
export function postgresName({ url: text }: PostgresPlace): string {
  const url = new URL(text);
  const port = url.port === '' ? '' : `:${url.port}`;
  return `${hostOf(url)}${port}${url.pathname}`;
}

/** How `pg` connects to a place, with its certificates as they are now. The password is read again for each connection. */
export function postgresClientConfig(place: PostgresPlace): PoolConfig {
  const url = new URL(place.url);
  const { passwordFile } = place;
  return {
    ...(url.username !== '' && { user: decodeURIComponent(url.username) }),
    host: hostOf(url),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: url.searchParams.get('sslmode') === 'verify-full' ? tlsOf(url) : false,
    ...(passwordFile !== undefined && { password: () => readPassword(passwordFile) }),
  };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function hostOf({ hostname, searchParams }: URL): string {
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  return host.replace(/^\[(.+)\]$/, '$1');
}

/** However it is spelled: `LOCALHOST`, `127.1`, an address of IPv6 in full. */
function isLocal(host: string): boolean {
  if (host.startsWith('/')) return true;
  const url = `http://${isIP(host) === 6 ? `[${host}]` : host}`;
  if (/[/?#@\\]/.test(host) || !URL.canParse(url)) return false;
  const spelled = new URL(url).hostname.replace(/\.$/, '');
  return (
    spelled === 'localhost' ||
    spelled === '[::1]' ||
    /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/.test(spelled) ||
    (isIP(spelled) === 4 && spelled.startsWith('127.'))
  );
}

function tlsOf({ searchParams: says }: URL): ConnectionOptions {
  const file = (name: (typeof FILES)[number]): string | undefined => {
    const path = says.get(name);
    try {
      return path === null ? undefined : readFileSync(path, 'utf8');
    } catch (error) {
      throw new DatabaseTroubleError('tls', { cause: error });
    }
  };
  const [ca, cert, key] = FILES.map(file);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** `pg` takes no other kind of password than a string. */
function readPassword(path: string): string {
  try {
    const bytes = readPrivateFile(path, 'the password file');
    const text = bytes.toString('utf8').replace(/\r?\n$/, '');
    bytes.fill(0);
    return text;
  } catch (error) {
    const why =
      error instanceof FileNotPrivateError
        ? 'others can read it'
        : (errnoOf(error) ?? (error as Error).message);
    throw new DatabaseTroubleError('login', { cause: error, passwordFile: { path, why } });
  }
}
