import { X509Certificate } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../end-to-end/line-evidence.ts';
import type { LedgerIssuance, RecordEvidence } from './record-evidence.ts';
import { signedPartOf } from './signed-part.ts';
import { isEnded } from './unit-checks.ts';

/** Files that one run of openssl is given: far below what fits a command line. */
const FILES_AT_ONCE = 500;
const OUTPUT_MAX = 2 ** 26;

/** A revocation list as openssl reads it: numbers in lower-case hex. */
export interface RevocationList {
  readonly number: number;
  readonly serials: ReadonlySet<string>;
  readonly tbsSha256: string;
}

/** The list of a PEM file, its signature verified against the chain; what is wrong with it, where something is. */
export function readRevocationList(crl: string, chain: string): RevocationList | string {
  const verified = run(['crl', '-in', crl, '-CAfile', chain, '-noout', '-text']);
  if (!verified.stderr.includes('verify OK'))
    return `openssl on the revocation list: ${verified.stderr.trim()}`;
  const serials = [...verified.stdout.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, hex = '']) =>
    hex.toLowerCase(),
  );
  const [, number] = /X509v3 CRL Number:\s*(\d+)/.exec(verified.stdout) ?? [];
  const [, base64 = ''] = /-----BEGIN X509 CRL-----([^-]+)/.exec(readFileSync(crl, 'latin1')) ?? [];
  const tbsSha256 = sha256(signedPartOf(Buffer.from(base64, 'base64')));
  return { number: Number(number), serials: new Set(serials), tbsSha256 };
}

/** 13: the openssl program accepts every certificate that was issued as a client's, whatever became of it. */
export function opensslAcceptsAll({ issuances, chain }: RecordEvidence): string[] {
  const rows = issuances.filter(({ certificate }) => certificate !== null);
  const accepted = acceptedOf(rows, ['-CAfile', chain]);
  return rows
    .filter(({ requestId }) => !accepted.has(requestId))
    .map(({ requestId }) => `13: openssl does not accept the certificate of ${requestId}`);
}

/** 9: with the revocation list openssl accepts those that are in use, and no other. */
export function opensslHeedsTheList({ issuances, chain, crl }: RecordEvidence): string[] {
  const rows = issuances.filter(({ certificate, heldAt }) => certificate !== null && heldAt === null);
  const accepted = acceptedOf(rows, ['-CAfile', chain, '-crl_check', '-CRLfile', crl]);
  return rows
    .filter((row) => accepted.has(row.requestId) === isEnded(row))
    .map(
      ({ requestId, state }) =>
        `9: openssl with the revocation list takes ${requestId} for other than ${state}`,
    );
}

/** Request ids of those that `openssl verify` accepts. */
function acceptedOf(rows: readonly LedgerIssuance[], options: readonly string[]): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-verify-'));
  const fixed = ['verify', '-x509_strict', '-purpose', 'sslclient', '-no-CApath', '-no-CAstore'];
  try {
    const paths = new Map(
      rows.map(({ requestId, certificate }, index) => {
        const path = join(folder, `${index}.pem`);
        writeFileSync(path, new X509Certificate(certificate!).toString());
        return [path, requestId];
      }),
    );
    const accepted = new Set<string>();
    const files = [...paths.keys()];
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const { stdout } = run([...fixed, ...options, ...files.slice(at, at + FILES_AT_ONCE)]);
      for (const [, path = ''] of stdout.matchAll(/^(.+): OK$/gm)) accepted.add(paths.get(path)!);
    }
    return accepted;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(args: readonly string[]): { stdout: string; stderr: string } {
  const { stdout, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8', maxBuffer: OUTPUT_MAX });
  if (error !== undefined) throw error;
  return { stdout, stderr };
}
