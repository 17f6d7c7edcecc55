import { X509Certificate } from 'node:crypto';
import { crlIn } from '../../pki/x509/crl-file.ts';
import { verifyCrl } from '../../pki/revocation/crl-verifier.ts';
import type { VerifiedCrl } from '../../pki/revocation/crl-verifier.ts';
import { PkiError } from '../../pki/pki-error.ts';
import type { RevocationResult } from '../../registry/registry.ts';
import { applyCrl } from '../../line/apply-crl.ts';
import { readIssuers } from '../../line/ca.ts';
import { registryName } from '../../line/registry.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';
import type { Invocation } from '../invocation.ts';
import { withWritableRegistry } from './open-registry.ts';
import { readCertificateFile } from '../cert/read-certificate-file.ts';
import { shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

/** The longest that the reader takes: 400,000 entries in DER, some more in PEM. */
const LIST: Wanted = { content: 'a revocation list in DER or PEM', maxBytes: 24 * 2 ** 20 };

export interface ApplyCrlOptions {
  readonly issuer?: string;
  readonly json?: boolean;
}

/**
 * `certline registry apply-crl`. Throws `unknown` for a file or registry that is not there, `refused` for a list that
 * is older than the last one, DER_MALFORMED, CRL_INVALID, CRL_EXPIRED.
 */
export async function applyCrlFile(
  invocation: Invocation,
  file: string,
  options: ApplyCrlOptions,
): Promise<void> {
  const list = readGivenFile(file, LIST);
  const crl = verifiedList(file, list, issuersFor(invocation, options.issuer));
  const result = await withWritableRegistry(invocation, async (registry) => {
    if (registry !== undefined) return await applyCrl(registry, crl);
    throw new CommandError(
      'unknown',
      `There is no registry ${registryName(invocation)}: name the orchestrator's folder with --state.`,
    );
  });
  if (result.status === 'older') throw olderList(crl, result.applied);
  print(crl, result, options);
}

function verifiedList(file: string, list: Uint8Array, issuers: readonly Uint8Array[]): VerifiedCrl {
  try {
    return verifyCrl(crlIn(list), issuers, new Date());
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'DER_MALFORMED') throw error;
    const message = `The file ${file} is not a complete revocation list (${error.message.replace(/\.$/, '')}): fetch it from the signer again.`;
    throw new CommandError('refused', message, { cause: error });
  }
}

function issuersFor({ stateFolder, config }: Invocation, file: string | undefined): Uint8Array[] {
  if (file === undefined) return ownIssuers(stateFolder, config.issuersFile);
  return readCertificateFile(file).map((der) => {
    try {
      return Uint8Array.from(new X509Certificate(der).raw);
    } catch (error) {
      const message = `The file ${file} contains no certificate: give the certificate of the CA that signed the list.`;
      throw new CommandError('usage', message, { cause: error });
    }
  });
}

function ownIssuers(stateFolder: string, issuersFile: string | undefined): Uint8Array[] {
  try {
    return readIssuers(stateFolder, issuersFile);
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'CA_NOT_FOUND') throw error;
    const message =
      'There is no CA certificate here to verify the list: run "certline ca export" at the signer, and give its output with --issuer.';
    throw new CommandError('caMissing', message, { cause: error });
  }
}

function olderList({ number }: VerifiedCrl, applied: number): CommandError {
  const message = `The revocation list ${number} is older than ${applied}, which was applied before: fetch the newest one from the signer.`;
  return new CommandError('refused', message);
}

function print(
  { number, entries, nextUpdate }: VerifiedCrl,
  { ended, unknown }: Extract<RevocationResult, { status: 'applied' }>,
  { json }: ApplyCrlOptions,
): void {
  const onHold = entries.filter(({ reason }) => reason === 'certificateHold').length;
  const until = nextUpdate.toISOString();
  if (json === true) {
    printJson({ number, entries: entries.length, ended, unknown, onHold, nextUpdate: until });
    return;
  }
  printLine(`Revocation list ${number}, ${entries.length} entries, valid until ${shownTime(until)}.`);
  printLine(
    `${ended} ${ended === 1 ? 'certificate that was valid is' : 'certificates that were valid are'} now revoked.`,
  );
  printLine(
    `${unknown} ${unknown === 1 ? 'entry is' : 'entries are'} of certificates that were never registered.`,
  );
  if (onHold > 0) printLine(`${onHold} on hold: not revoked.`);
}
