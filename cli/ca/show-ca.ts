import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { CA_FILES } from '../../pki/ca/ca-files.ts';
import { readCaChain } from '../../pki/ca/read-chain.ts';
import { caFolder } from '../../line/state-folder.ts';
import { shownExpiry, shownTime } from '../terminal/words.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import { printFields } from '../terminal/table.ts';

/** A CA certificate as it is shown; hashes and serial in lower-case hex. */
interface ShownCertificate {
  readonly role: 'factory CA' | 'intermediate' | 'root';
  readonly subject: string;
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly sha256: string;
}

const LABELS = { 'factory CA': 'Factory CA', intermediate: 'Intermediate', root: 'Root' } as const;

/** `certline ca show`. Throws CA_NOT_FOUND, CA_INCONSISTENT. */
export async function showCa(stateFolder: string, options: { json?: boolean }): Promise<void> {
  const { chain, verify, certificates } = caDocument(stateFolder);
  if (options.json === true) {
    printJson({ chain, verify, certificates });
    return;
  }
  for (const certificate of certificates) {
    printFields([
      [LABELS[certificate.role], certificate.subject],
      ['Serial', certificate.serial],
      ['Valid', `from ${shownTime(certificate.notBefore)} ${shownExpiry(certificate.notAfter)}`],
      ['SHA-256', certificate.sha256],
    ]);
    printLine();
  }
  printFields([
    ['Chain', chain],
    ['Verify', verify],
  ]);
}

/** What there is to say of the CA. Throws as `showCa`. */
export function caDocument(stateFolder: string): {
  readonly chain: string;
  readonly verify: string;
  readonly certificates: readonly ShownCertificate[];
} {
  const directory = caFolder(stateFolder);
  const ders = readCaChain(directory);
  const certificates = ders.map((der, index) => shownCertificate(roleOf(index, ders.length), der));
  const chain = join(directory, CA_FILES.chain);
  return { chain, verify: `openssl verify -CAfile ${chain} CERTIFICATE.pem`, certificates };
}

function roleOf(index: number, count: number): ShownCertificate['role'] {
  if (index === 0) return 'factory CA';
  return index === count - 1 ? 'root' : 'intermediate';
}

function shownCertificate(role: ShownCertificate['role'], der: Uint8Array): ShownCertificate {
  const { subject, serialNumber, fingerprint256, validFromDate, validToDate } = new X509Certificate(der);
  return {
    role,
    subject: subject.split('\n').join(', '),
    serial: serialNumber.toLowerCase(),
    notBefore: validFromDate.toISOString(),
    notAfter: validToDate.toISOString(),
    sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}
