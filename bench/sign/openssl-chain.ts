import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Looking up the system's CAs takes three quarters of the time of `openssl x509 -req`, and nobody here needs them. */
const NO_SYSTEM_CAS = { ...process.env, SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/dev/null' };
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];

/** Runs openssl, quietly. */
export function openssl(...parameters: string[]): void {
  execFileSync('openssl', parameters, { env: NO_SYSTEM_CAS, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A P-256 root and an intermediate in `folder`: root.pem, root.key, ica.pem, ica.key (unencrypted). */
export function makeOpensslChain(folder: string): void {
  const at = (name: string): string => join(folder, name);
  const ca = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  const root = ['-subj', '/CN=Bench Root', '-keyout', at('root.key'), '-out', at('root.pem')];
  openssl('req', '-x509', ...P256, ...ca, '-days', '3650', ...root);
  const issuer = ['-CA', at('root.pem'), '-CAkey', at('root.key'), '-days', '3650'];
  const ica = ['-subj', '/CN=Bench ICA', '-keyout', at('ica.key'), '-out', at('ica.pem')];
  openssl('req', '-x509', ...P256, ...ca, ...issuer, ...ica);
}
