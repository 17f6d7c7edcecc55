import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** One spelling of one key, to be searched for. */
interface Needle {
  readonly form: string;
  readonly bytes: Buffer;
}

/** Where a key was found, and in which form; never the key. */
export interface Finding {
  readonly place: string;
  readonly form: string;
}

/**
 * Every form in which a key could lie somewhere: its secret number, which is part of every file of it, raw, in base64 and
 * base64url at each alignment, in hex of both cases, as a list of numbers.
 */
function needlesOf(secret: Buffer): Needle[] {
  const numbers = [...secret];
  return [
    { form: 'raw', bytes: secret },
    ...(['base64', 'base64url'] as const).flatMap((alphabet) =>
      [0, 1, 2].map((alignment) => ({
        form: `${alphabet} +${alignment}`,
        bytes: Buffer.from(certainPart(secret, alphabet, alignment)),
      })),
    ),
    { form: 'hex', bytes: Buffer.from(secret.toString('hex')) },
    { form: 'HEX', bytes: Buffer.from(secret.toString('hex').toUpperCase()) },
    { form: 'numbers', bytes: Buffer.from(numbers.join(',')) },
    { form: 'numbers, spaced', bytes: Buffer.from(numbers.join(', ')) },
  ];
}

/** The characters that do not depend on what stands before and after the secret. */
function certainPart(secret: Buffer, alphabet: 'base64' | 'base64url', alignment: number): string {
  const text = Buffer.concat([Buffer.alloc(alignment), secret]).toString(alphabet);
  return text.slice(Math.ceil((alignment * 8) / 6), Math.floor(((alignment + secret.length) * 8) / 6));
}

/** The 32 octets of a P-256 private key in a SEC1 file. */
export function secretOf(keyFile: Uint8Array): Buffer {
  const { d } = createPrivateKey({ key: Buffer.from(keyFile), format: 'der', type: 'sec1' }).export({
    format: 'jwk',
  });
  return Buffer.from(d!, 'base64url');
}

/** Looks for keys in whatever it is given. */
export class KeySearch {
  readonly #needles: readonly Needle[];
  readonly findings: Finding[] = [];
  /** Octets that were searched. */
  searched = 0;

  constructor(keyFiles: readonly Uint8Array[]) {
    this.#needles = keyFiles.flatMap((file) => needlesOf(secretOf(file)));
  }

  inBytes(place: string, bytes: Uint8Array): void {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.searched += view.length;
    for (const { form, bytes: needle } of this.#needles) {
      if (view.includes(needle)) this.findings.push({ place, form });
    }
  }

  inText(place: string, text: string): void {
    this.inBytes(place, Buffer.from(text));
  }

  /** Every file below a folder, but for those that `skip` names. */
  inFolder(folder: string, skip: (path: string) => boolean = () => false): void {
    for (const path of filesBelow(folder)) {
      if (skip(path)) continue;
      const content = readIfThere(path);
      if (content) this.inBytes(path, content);
      // A secret in a name would be one, too.
      this.inText(`name of ${path}`, path);
    }
  }
}

function filesBelow(path: string): string[] {
  const kind = statSync(path, { throwIfNoEntry: false });
  if (kind?.isFile()) return [path];
  if (!kind?.isDirectory()) return [];
  return readdirSync(path).flatMap((name) => filesBelow(join(path, name)));
}

/** Other tests put things into the same temporary folder, and take them away. */
function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
