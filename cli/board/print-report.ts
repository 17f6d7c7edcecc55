import { shownExpiry, shownTime } from '../terminal/words.ts';
import { printLine } from '../terminal/stdout.ts';
import { printFields } from '../terminal/table.ts';
import type { BoardReport, ReportedClass, ReportedCredentials, ReportedImage } from './board-report.ts';
import { plain } from './plain.ts';
import type { Seen } from '../../smp/text/sightings.ts';

type Field = readonly [label: string, value: string | undefined];

const CLASS_WORDS: Record<ReportedClass, string> = {
  blank: 'blank: neither key nor certificate',
  partial: 'partial: unfinished, a key and a whole certificate are not both there',
  complete: 'complete: key and certificate of ours',
  foreign: 'foreign: the certificate is not of our CA',
  unjudged: 'a whole certificate; no CA in this state folder to say whose',
};

const SEEN_WORDS: Readonly<Record<Seen, string>> = {
  fault: 'a fault of the firmware',
  echo: 'what was sent came back',
  garbage: 'no text: a wrong baud rate?',
  console: 'a console',
  text: 'text',
};

/** Prints what is on a board, in words. */
export function printReport(report: BoardReport): void {
  printFields(boardFields(report).map(printable));
  for (const credentials of report.credentials) {
    printLine();
    printFields(credentialFields(credentials).map(printable));
  }
  printReasons(report.notTold);
}

function boardFields(report: BoardReport): Field[] {
  const { port, hardwareId, answerMs } = report;
  return [
    ['Port', answerMs === null ? port : `${port}, answers in ${answerMs} ms`],
    ['Hardware id', hardwareId ?? undefined],
    ...firmwareFields(report),
    ['Buffers', bufferWords(report)],
    ['Groups', groupWords(report)],
    ...report.fileSystems.map(({ mount, totalBytes, freeBytes }): Field => [
      'File system',
      `${mount}, ${kibibytes(totalBytes)} KiB, ${kibibytes(freeBytes)} KiB free`,
    ]),
    ['Line', lineWords(report)],
  ];
}

function firmwareFields({ firmware }: BoardReport): Field[] {
  return [
    ['Firmware', firmware.kernel ?? undefined],
    ['Built', firmware.build ?? undefined],
    ['Platform', firmware.platform ?? undefined],
    ['Bootloader', firmware.bootloader ?? undefined],
    ...firmware.images.map((image): Field => [`Image ${image.slot}`, imageWords(image)]),
  ];
}

function imageWords({ version, hash, active, confirmed }: ReportedImage): string {
  const words = [version, active ? 'active' : '', confirmed ? 'confirmed' : '', hash ?? ''];
  return words.filter((word) => word !== '').join(', ');
}

function bufferWords({ buffers }: BoardReport): string | undefined {
  if (buffers === null) return undefined;
  return `${buffers.count} of ${buffers.bytes} bytes, messages up to ${buffers.largestMessageBytes}`;
}

function groupWords({ groups }: BoardReport): string | undefined {
  if (groups.length === 0) return undefined;
  return groups
    .map(({ group, name }) => (name === undefined ? String(group) : `${name} (${group})`))
    .join(', ');
}

function lineWords({ line }: BoardReport): string {
  const { messages, damaged, stray, textBytes, seen } = line;
  const kinds = seen.length === 0 ? '' : ` (${seen.map((kind) => SEEN_WORDS[kind]).join(', ')})`;
  return `${messages} answers, ${damaged} damaged, ${stray} stray, ${textBytes} bytes of other text${kinds}`;
}

function credentialFields(found: ReportedCredentials): Field[] {
  const { products, keyPath, keyBytes, certificatePath, certificateBytes, certificate } = found;
  return [
    [
      'Credentials',
      `${found.class === null ? 'not reported' : CLASS_WORDS[found.class]} (${products.join(', ')})`,
    ],
    ['Key', keyBytes === null ? undefined : `${keyPath}, ${keyBytes} bytes, not read`],
    ['Certificate', certificateBytes === null ? undefined : `${certificatePath}, ${certificateBytes} bytes`],
    ['Subject', certificate?.subject],
    ['Issuer', certificate ? issuerWords(certificate) : undefined],
    ['Serial', certificate?.serial],
    ['Valid', certificate ? validity(certificate) : undefined],
    ['SHA-256', certificate?.sha256],
  ];
}

function issuerWords({ issuer, issuedByUs }: { issuer: string; issuedByUs: boolean }): string {
  return issuedByUs ? `${issuer} (ours)` : issuer;
}

/** Times in an unusual encoding are left out. */
function validity({ notBefore, notAfter }: { notBefore: string; notAfter: string }): string | undefined {
  return notBefore === '' || notAfter === ''
    ? undefined
    : `from ${shownTime(notBefore)} ${shownExpiry(notAfter)}`;
}

function printReasons(notTold: BoardReport['notTold']): void {
  const reasons = Object.entries(notTold);
  if (reasons.length === 0) return;
  printLine('\nNot reported by the board:');
  printFields(reasons.map(([topic, why]) => printable([topic, why])));
}

function printable([label, value]: Field): Field {
  return [label, value === undefined ? undefined : plain(value)];
}

function kibibytes(bytes: number): string {
  return String(Math.round(bytes / 1_024));
}
