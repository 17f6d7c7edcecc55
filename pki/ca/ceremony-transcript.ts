import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { sha256Hex } from '../x509/p256.ts';

/** What happened when a CA was made. */
export interface Ceremony {
  readonly begun: Date;
  readonly ended: Date;
  /** The factory CA, then the root, DER. */
  readonly chain: readonly Uint8Array[];
  /** Where each private key is, in words. */
  readonly keys: { readonly root: string; readonly factoryCa: string };
  /** The public files, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/**
 * The transcript of making a CA, for those present to compare, sign and file: who is certified, where the keys are,
 * what each public file hashes to. It holds nothing secret.
 */
export function ceremonyTranscript({ begun, ended, chain, keys, files }: Ceremony): string {
  const [ica, root] = chain.map((der) => new X509Certificate(der));
  return [
    'CA KEY CEREMONY',
    '',
    `Begun  ${begun.toISOString()}`,
    `Ended  ${ended.toISOString()}`,
    `Host   ${hostname()}, Node.js ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    '',
    '1. Root: a P-256 key was generated and a certificate signed with it.',
    ...certificateLines(root!),
    `   Key          ${keys.root}`,
    '2. Factory CA: its P-256 key was certified by the root.',
    ...certificateLines(ica!),
    `   Key          ${keys.factoryCa}`,
    '3. These files were written; SHA-256 of each:',
    ...Object.entries(files).map(([name, text]) => `   ${sha256Hex(Buffer.from(text))}  ${name}`),
    '',
    'Compared and witnessed by (name, date, signature):',
    '',
    '   1. ______________________________________________',
    '',
    '   2. ______________________________________________',
    '',
  ].join('\n');
}

function certificateLines({
  subject,
  serialNumber,
  fingerprint256,
  raw,
  validFrom,
  validTo,
}: X509Certificate): string[] {
  return [
    `   Subject      ${subject.replaceAll('\n', ', ')}`,
    `   Serial       ${serialNumber.toLowerCase()}`,
    `   Valid        ${validFrom} to ${validTo}`,
    `   SHA-256      ${fingerprint256}`,
    `   Octets       ${raw.length}`,
  ];
}
