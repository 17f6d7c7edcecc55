import { X509Certificate } from 'node:crypto';
import { classifyBoard } from '../../fixtures/board/board-class.ts';
import { FOUND_CERTIFICATE_MAX_BYTES } from '../../fixtures/board/read-certificate.ts';
import { describeCertificate } from '../../pki/lint/certificate-facts.ts';
import { fileSize } from '../../smp/files/file-size.ts';
import { readFile } from '../../smp/files/read-file.ts';
import type { BoardReport, ReportedCertificate, ReportedClass, ReportedCredentials } from './board-report.ts';
import type { CredentialPlace } from '../../fixtures/board/credential-files.ts';
import type { Inquiry } from './inquiry.ts';
import { runShellCommand } from './run-shell-command.ts';

/** What `fs statvfs` prints; blocks are counted in frsize. */
const STATVFS = /frsize (\d+), blocks (\d+), bfree (\d+)/;

/** Asks how large a file system is, and what of it is free. */
export async function askFileSystem(inquiry: Inquiry, report: BoardReport, mount: string): Promise<void> {
  const { client, signal } = inquiry;
  const topic = `fileSystem ${mount}`;
  const answer = await inquiry.ask(topic, 'fileShell', () =>
    runShellCommand(client, ['fs', 'statvfs', mount], signal),
  );
  if (answer === undefined) return;
  const [, blockBytes, blocks, free] = STATVFS.exec(answer.output) ?? [];
  if (free === undefined) {
    inquiry.notTold[topic] =
      `fs statvfs ${mount} printed "${answer.output.trim()}": is CONFIG_FILE_SYSTEM_SHELL in the firmware, and a file system mounted there?`;
    return;
  }
  report.fileSystems.push({
    mount,
    totalBytes: Number(blockBytes) * Number(blocks),
    freeBytes: Number(blockBytes) * Number(free),
  });
}

/** Asks for the size of the key and for the certificate of one place; `issuers` are our CA certificates, DER. */
export async function askCredentials(
  inquiry: Inquiry,
  report: BoardReport,
  place: CredentialPlace,
  issuers: readonly Uint8Array[],
): Promise<void> {
  const { client, signal } = inquiry;
  const { keyPath, certificatePath } = place;
  const reading = { signal, maxBytes: FOUND_CERTIFICATE_MAX_BYTES };
  // In an object, since a file that is not there is undefined, and so is an answer that was refused.
  const key = await inquiry.ask(keyPath, 'files', async () => ({
    size: await fileSize(client, keyPath, { signal }),
  }));
  const certificate = await inquiry.ask(certificatePath, 'files', async () => ({
    bytes: await readFile(client, certificatePath, reading),
  }));
  const bytes = certificate?.bytes;
  const judged: Pick<ReportedCredentials, 'class'> = {
    class: key && certificate ? classOf(key.size, bytes, issuers) : null,
  };
  report.credentials.push({
    ...place,
    ...judged,
    keyBytes: key?.size ?? null,
    certificateBytes: bytes?.length ?? null,
    certificate: (bytes && certificateFacts(bytes, issuers)) ?? null,
  });
}

function classOf(
  keySize: number | undefined,
  certificate: Uint8Array | undefined,
  issuers: readonly Uint8Array[],
): ReportedClass {
  const { kind } = classifyBoard({ keySize, certificate }, issuers);
  return kind === 'foreign' && issuers.length === 0 ? 'unjudged' : kind;
}

function certificateFacts(
  bytes: Uint8Array,
  issuers: readonly Uint8Array[],
): ReportedCertificate | undefined {
  const facts = describeCertificate(bytes, issuers);
  if (facts === undefined) return undefined;
  const { subject, issuer } = new X509Certificate(bytes);
  const { certificateSerial, certificateSha256, notBefore, notAfter, spkiSha256, issuedByUs } = facts;
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    serial: certificateSerial,
    notBefore,
    notAfter,
    sha256: certificateSha256,
    spkiSha256,
    issuedByUs,
  };
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
