import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pemOf } from '../../pki/pem.ts';
import { fileIn, openssl } from './openssl.ts';

/** A program of others that decides whether certificates (DER files) are good for a TLS client under a chain file. */
export interface Verifier {
  readonly name: string;
  /** Why it cannot be asked here; undefined when it can. */
  readonly missing: string | undefined;
  accepts(chainPath: string, paths: readonly string[], folder: string): boolean[];
}

const INSTALL = 'run test/pki/install-tools.sh as root';

function succeeds(program: string, args: readonly string[], input?: string): boolean {
  return spawnSync(program, args, { input: input ?? '', stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

function missingProgram(program: string): string | undefined {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined ? undefined : INSTALL;
}

const opensslVerifier: Verifier = {
  name: 'openssl verify -x509_strict -purpose sslclient',
  missing: missingProgram('openssl'),
  accepts: (chainPath, paths) =>
    paths.map((path) => {
      try {
        openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', chainPath, path);
        return true;
      } catch {
        return false;
      }
    }),
};

const gnutls: Verifier = {
  name: 'certtool --verify (GnuTLS)',
  missing: missingProgram('certtool'),
  accepts: (chainPath, paths) =>
    paths.map((path) =>
      succeeds(
        'certtool',
        ['--verify', '--load-ca-certificate', chainPath, '--verify-purpose', '1.3.6.1.5.5.7.3.2'],
        pemOf('CERTIFICATE', readFileSync(path)),
      ),
    ),
};

const MBEDTLS_SOURCE = new URL('./verifiers/mbedtls-verify.c', import.meta.url).pathname;

const mbedtls: Verifier = {
  name: 'mbedTLS',
  missing:
    existsSync('/usr/include/mbedtls/x509_crt.h') && missingProgram('gcc') === undefined
      ? undefined
      : INSTALL,
  accepts: (chainPath, paths, folder) => {
    const program = join(folder, 'mbedtls-verify');
    if (!existsSync(program)) {
      execFileSync('gcc', [
        '-Wall',
        '-Werror',
        '-O1',
        '-o',
        program,
        MBEDTLS_SOURCE,
        '-lmbedx509',
        '-lmbedcrypto',
      ]);
    }
    const answers = execFileSync(program, [chainPath, ...paths])
      .toString()
      .trim()
      .split('\n');
    return answers.map((answer) => answer === 'ok');
  },
};

const nss: Verifier = {
  name: 'certutil -V -u C (NSS)',
  missing: spawnSync('certutil', ['-H'], { stdio: 'ignore' }).error === undefined ? undefined : INSTALL,
  accepts: (chainPath, paths, folder) => {
    const store = join(folder, 'nss');
    const run = (...args: string[]): boolean => succeeds('certutil', ['-d', `sql:${store}`, ...args]);
    if (!existsSync(store)) {
      mkdirSync(store);
      run('-N', '--empty-password');
      const pems = readFileSync(chainPath, 'ascii').split(/(?<=-----END CERTIFICATE-----\n)/);
      for (const [index, pem] of pems.entries()) {
        run('-A', '-n', `ca-${index}`, '-t', 'TC,,', '-i', fileIn(folder, `ca-${index}.pem`, pem), '-a');
      }
    }
    return paths.map((path) => {
      const added = run('-A', '-n', 'leaf', '-t', ',,', '-i', path);
      const good = added && run('-V', '-n', 'leaf', '-u', 'C', '-e');
      run('-D', '-n', 'leaf');
      return good;
    });
  },
};

export const VERIFIERS: readonly Verifier[] = [opensslVerifier, gnutls, mbedtls, nss];
