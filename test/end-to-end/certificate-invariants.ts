import { execFileSync } from 'node:child_process';
import { createECDH, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretOf } from './key-search.ts';
import { isActive, repeated, sha256, spkiOf } from './line-evidence.ts';
import type { LineEvidence } from './line-evidence.ts';

/** 2: the board of a pass holds that certificate, byte for byte, and the key that belongs to it. */
export function boardHoldsItsCertificate(evidence: LineEvidence): string[] {
  const { certificates, boards } = evidence;
  return certificates.filter(isActive).flatMap((row) => {
    const { serial } = row;
    const der = row.der;
    const board = boards.find(({ boardId }) => boardId === row.boardId);
    if (!board?.certificate?.equals(der))
      return isTakenBack(evidence, serial, board)
        ? []
        : [`2: the board of ${serial} holds another certificate`];
    if (subjectOf(der, 'CN') !== serial) return [`2: the certificate of ${serial} names another unit`];
    return keyPairs(board.key, der) ? [] : [`2: the key on the board of ${serial} is not its own`];
  });
}

/**
 * Whose renewal somebody terminated: the board has the new certificate, which is revoked, and the record has people take that board
 * back.
 */
function isTakenBack(
  { reworks, issuances }: LineEvidence,
  serial: string,
  board: LineEvidence['boards'][number] | undefined,
): boolean {
  const isSaid = reworks.some(
    (each) =>
      each.serial === serial && board !== undefined && each.message?.includes(`board ${board.boardId}`),
  );
  const isRevoked = ({ certificate, state }: LineEvidence['issuances'][number]): boolean =>
    state === 'revoked' && certificate !== null && board?.certificate?.equals(certificate) === true;
  return isSaid && issuances.some(isRevoked);
}

/** The public key is computed from the secret number: the one that lies beside it in the file proves nothing. */
function keyPairs(key: Buffer | undefined, certificate: Uint8Array): boolean {
  if (!key) return false;
  try {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(secretOf(key));
    const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
    return spki.subarray(-65).equals(curve.getPublicKey());
  } catch {
    return false;
  }
}

/** 4: no key is certified twice, save for a unit whose certificate was renewed, and no two boards hold the same key. */
export function noKeyTwice({
  issuances,
  boards,
  reworks,
}: Pick<LineEvidence, 'issuances' | 'boards' | 'reworks'>): string[] {
  const renewed = new Set(reworks.filter(({ kind }) => kind === 'renew').map(({ serial }) => serial));
  const keys = issuances.flatMap(({ serial, certificate }) =>
    certificate ? [{ serial, spki: spkiOf(certificate) }] : [],
  );
  const ofRenewed = new Set(
    keys.filter(({ serial }) => renewed.has(serial)).map(({ serial, spki }) => `${serial} ${spki}`),
  );
  const certified = [
    ...keys.filter(({ serial }) => !renewed.has(serial)).map(({ spki }) => spki),
    // However often for its own unit.
    ...[...ofRenewed].map((pair) => pair.split(' ')[1]!),
  ];
  const stored = boards.flatMap(({ key }) => (key ? [sha256(key)] : []));
  return [
    ...repeated(certified).map((spki) => `4: the key ${spki} was certified twice`),
    ...repeated(stored).map(() => '4: two boards hold the same key'),
  ];
}

/** 6: certificate numbers are unique, positive, 16 octets. */
export function noCertificateNumberTwice({ issuances }: Pick<LineEvidence, 'issuances'>): string[] {
  const numbers = issuances.flatMap(({ certificate }) =>
    certificate ? [new X509Certificate(certificate).serialNumber.toLowerCase()] : [],
  );
  return [
    ...repeated(numbers).map((number) => `6: two certificates have the number ${number}`),
    ...numbers
      .filter((number) => !/^[4-7][0-9a-f]{31}$/.test(number))
      .map((number) => `6: ${number} is no 16 octets`),
  ];
}

/** 13: the openssl program accepts each certificate that is in use as a client's, against the exported chain. */
export function certificatesVerify({ certificates, chain }: LineEvidence): string[] {
  const active = certificates.filter(isActive);
  if (active.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), 'certline-verify-'));
  try {
    const files = active.map((row) => {
      const path = join(folder, `${row.serial}.pem`);
      writeFileSync(path, new X509Certificate(row.der).toString());
      return path;
    });
    const options = ['-x509_strict', '-purpose', 'sslclient', '-no-CApath', '-no-CAstore', '-CAfile', chain];
    const said = execFileSync('openssl', ['verify', ...options, ...files], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const accepted = said.split('\n').filter((line) => line.endsWith(': OK')).length;
    return accepted === active.length ? [] : [`13: openssl accepts ${accepted} of ${active.length}`];
  } catch (error) {
    return [`13: openssl: ${String((error as { stderr?: unknown }).stderr ?? error)}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function subjectOf(certificate: Uint8Array, attribute: string): string | undefined {
  const lines = new X509Certificate(certificate).subject.split('\n');
  return lines.find((line) => line.startsWith(`${attribute}=`))?.slice(attribute.length + 1);
}
