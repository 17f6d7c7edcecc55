import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { issueRootCrl } from '../../pki/revocation/root-crl.ts';
import { crlIn } from '../../pki/x509/crl-file.ts';
import { readCrl } from '../../pki/x509/crl-reader.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { REVOCATION_REASONS } from '../../pki/x509/revocation-reason.ts';
import type { RevocationReason } from '../../pki/x509/revocation-reason.ts';
import { readCertificateFile } from '../cert/read-certificate-file.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';
import { printCrl } from './print-crl.ts';
import { openRootFolder } from './root-folder.ts';

export interface RootCrlOptions {
  readonly revoke?: string;
  readonly reason?: RevocationReason;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

const LIST: Wanted = { content: 'the folder of the root with its newest list', maxBytes: 24 * 2 ** 20 };

/** `certline ca crl --root`. Throws `usage` without a reason, CRL_INVALID, and what opens no key. */
export async function makeRootCrl(folder: string, options: RootCrlOptions): Promise<void> {
  const root = openRootFolder(folder, options.passphraseFile);
  const path = join(folder, CA_FILES.rootCrl);
  const previous = isThere(path) ? readCrl(crlIn(readGivenFile(path, LIST))) : undefined;
  const issued = await issueRootCrl(root, previous, revokedBy(options));
  await writeWhole(path, 0o644, pemOf('X509 CRL', issued.crl));
  printCrl({ path, issued, json: options.json });
}

function revokedBy({ revoke, reason }: RootCrlOptions): Parameters<typeof issueRootCrl>[2] {
  if (revoke === undefined) return [];
  if (reason === undefined)
    throw new CommandError('usage', `Add --reason, one of ${REVOCATION_REASONS.join(', ')}.`);
  const [certificate] = readCertificateFile(revoke);
  return certificate === undefined ? [] : [{ certificate, reason }];
}
