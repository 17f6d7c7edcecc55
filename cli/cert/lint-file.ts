import { isThere } from '../../disk/is-there.ts';
import { lintCertificate } from '../../pki/lint/certificate-linter.ts';
import type { LintFinding } from '../../pki/lint/certificate-linter.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { issuerFactsOf } from '../../pki/ca/issuing-ca.ts';
import { sha256Hex } from '../../pki/x509/p256.ts';
import { caFolder } from '../../line/state-folder.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { CommandError } from '../exit-status.ts';
import { readCertificateFile } from './read-certificate-file.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';

export interface LintFileOptions {
  readonly issuer?: string;
  readonly json?: boolean;
}

/** A certificate of the file and the rules it breaks. */
interface Linted {
  /** SHA-256, lower-case hex. */
  readonly certificateSha256: string;
  readonly findings: readonly LintFinding[];
}

/** `certline cert lint`. Sets exit status `profileBroken`; throws `unknown` for a file that cannot be read. */
export async function lintFile(stateFolder: string, file: string, options: LintFileOptions): Promise<void> {
  const issuer = issuerCertificate(stateFolder, options.issuer);
  const context = {
    now: new Date(),
    ...(issuer !== undefined && { issuer: issuerFactsOf(issuer), signed: true }),
  };
  const certificates = readCertificateFile(file).map((der): Linted => ({
    certificateSha256: sha256Hex(der),
    findings: lintCertificate(der, context),
  }));
  if (certificates.some(({ findings }) => findings.length > 0))
    process.exitCode = EXIT_STATUS.profileBroken.status;
  const issuerSha256 = issuer === undefined ? null : sha256Hex(issuer);
  if (options.json === true) printJson({ file, issuer: issuerSha256, certificates });
  else await print(file, certificates, issuer !== undefined);
}

function issuerCertificate(stateFolder: string, file: string | undefined): Uint8Array | undefined {
  if (file === undefined) {
    const folder = caFolder(stateFolder);
    return isThere(folder) ? readCaChain(folder)[0] : undefined;
  }
  const [certificate, ...others] = readCertificateFile(file);
  if (certificate !== undefined && others.length === 0) return certificate;
  throw new CommandError(
    'usage',
    `The file ${file} must contain exactly one certificate: that of the CA that signed.`,
  );
}

async function print(file: string, certificates: readonly Linted[], compared: boolean): Promise<void> {
  for (const [index, { certificateSha256, findings }] of certificates.entries()) {
    const name = certificates.length === 1 ? file : `${file}, certificate ${index + 1}`;
    if (findings.length === 0) {
      printLine(`${name} (${certificateSha256}) breaks no rule.`);
      continue;
    }
    printLine(`${name} (${certificateSha256}) breaks ${findings.length} of the rules:`);
    await printTable(
      [{ head: 'CODE' }, { head: 'RIGHT WOULD BE', wraps: true }],
      findings.map(({ code, rule }) => [code, rule]),
    );
  }
  if (!compared)
    printLine('Not compared with its issuer: there is no CA here; name its certificate with --issuer.');
}
