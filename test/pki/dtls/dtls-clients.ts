import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MBEDTLS_MISSING } from '../lint/verifiers.ts';
import { CIPHER_SUITE } from './dtls-server.ts';

/** What a client is given: paths of DER files, of the server's certificate, and of a PEM chain to send, if any. */
export interface ClientFiles {
  readonly certificate: string;
  readonly key: string;
  readonly server: string;
  readonly chain?: string;
}

/** A program of others that plays the device, and how it words what it cannot do. */
export interface Client {
  readonly name: string;
  /** Why it cannot be asked here; undefined when it can. */
  readonly missing: string | undefined;
  /** Program and arguments that bring what is on its input to this port of 127.0.0.1. */
  command(folder: string, port: string, files: ClientFiles): [string, string[]];
  readonly says: {
    readonly badKey: RegExp;
    readonly badCertificate: RegExp;
    /** The server sent the fatal alert of this number (RFC 5246 §7.2). */
    alert(number: number): RegExp;
  };
}

export const OPENSSL_CLIENT: Client = {
  name: 'openssl s_client',
  missing: undefined,
  command: (_folder, port, { certificate, key, server, chain }) => {
    const protocol = ['-dtls1_2', '-cipher', CIPHER_SUITE, '-connect', `127.0.0.1:${port}`];
    const own = ['-cert', certificate, '-certform', 'DER', '-key', key, '-keyform', 'DER'];
    const demands = ['-CAfile', server, '-verify_return_error', '-verify_hostname', 'localhost'];
    const sent = chain === undefined ? [] : ['-cert_chain', chain];
    return ['openssl', ['s_client', ...protocol, ...own, ...demands, ...sent]];
  },
  says: {
    badKey: /^Could not (read|find) client certificate private key/m,
    badCertificate: /^Could not (read|find) client certificate from/m,
    alert: (number) => new RegExp(`SSL alert number ${number}$`, 'm'),
  },
};

export const MBEDTLS_CLIENT: Client = {
  name: 'mbedTLS',
  missing: MBEDTLS_MISSING,
  command: (folder, port, { certificate, key, server, chain }) => [
    compiledClient(folder),
    [port, server, certificate, key, ...(chain === undefined ? [] : [chain])],
  ],
  says: {
    badKey: /^private key: -0x3d00$/m, // MBEDTLS_ERR_PK_KEY_INVALID_FORMAT
    badCertificate: /^certificate: -0x2180$/m, // MBEDTLS_ERR_X509_INVALID_FORMAT
    alert: () => /^handshake: -0x7780$/m, // MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, which keeps the number to itself
  },
};

const SOURCE = new URL('./dtls-client.c', import.meta.url).pathname;

function compiledClient(folder: string): string {
  const program = join(folder, 'dtls-client');
  const libraries = ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'];
  if (!existsSync(program))
    execFileSync('gcc', ['-Wall', '-Werror', '-O1', '-o', program, SOURCE, ...libraries]);
  return program;
}
