import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pemOf } from '../../../pki/x509/pem.ts';
import { fileIn, openssl } from '../openssl.ts';

/** A program of others that decides whether certificates (DER files) are good for a TLS client under a chain file. */
export interface Verifier {
  readonly name: string;
  /** Why it cannot be asked here; undefined when it can. */
  readonly missing: string | undefined;
  accepts(chainPath: string, paths: readonly string[], folder: string): boolean[];
  /** How many it can be asked about in reasonable time; all when undefined. */
  readonly limit?: number;
}

const INSTALL = 'run test/pki/lint/install-tools.sh as root';

function succeeds(program: string, args: readonly string[], input?: string): boolean {
  return spawnSync(program, args, { input: input ?? '', stdio: ['pipe', 'ignore', 'ignore'] }).status === 0;
}

function missingProgram(program: string): string | undefined {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined ? undefined : INSTALL;
}

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'certline/verifiers');

function missingFile(path: string): string | undefined {
  return existsSync(path) ? undefined : INSTALL;
}

/** Of a program that prints one line for each file: "ok" or what is wrong. */
function linesOf(program: string, args: readonly string[]): boolean[] {
  const lines = execFileSync(program, args).toString().trim().split('\n');
  return lines.map((line) => line === 'ok');
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

/** Why no program on mbedTLS can be compiled here; undefined when it can. */
export const MBEDTLS_MISSING = missingFile('/usr/include/mbedtls/x509_crt.h') ?? missingProgram('gcc');

const mbedtls: Verifier = {
  name: 'mbedTLS',
  missing: MBEDTLS_MISSING,
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
    return linesOf(program, [chainPath, ...paths]);
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

const GO_VERIFY = join(CACHE, 'go-verify');

const go: Verifier = {
  name: 'Go crypto/x509',
  missing: missingFile(GO_VERIFY),
  accepts: (chainPath, paths) => linesOf(GO_VERIFY, ['verify', chainPath, ...paths]),
};

const zlint: Verifier = {
  name: 'zlint',
  missing: missingFile(GO_VERIFY),
  accepts: (_chainPath, paths) => linesOf(GO_VERIFY, ['zlint', ...paths]),
};

const PKILINT = join(CACHE, 'pkilint/bin/lint_pkix_signer_signee_cert_chain');

const pkilint: Verifier = {
  name: 'pkilint',
  missing: missingFile(PKILINT),
  accepts: (chainPath, paths, folder) => {
    const [issuer = ''] = readFileSync(chainPath, 'ascii').split(/(?<=-----END CERTIFICATE-----\n)/);
    const issuerPath = fileIn(folder, 'issuer.pem', issuer);
    // Its exit status is the number of findings.
    return paths.map((path) => succeeds(PKILINT, ['lint', '-s', 'NOTICE', issuerPath, path]));
  },
  limit: 5,
};

export const VERIFIERS: readonly Verifier[] = [opensslVerifier, gnutls, mbedtls, nss, go, zlint, pkilint];
