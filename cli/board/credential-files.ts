import { posix } from 'node:path';
import type { Product } from '../../provisioning/product.ts';
import { CommandError } from '../exit-status.ts';

/** Where products keep key and certificate on a board. */
export interface CredentialPlace {
  readonly products: readonly string[];
  readonly keyPath: string;
  readonly certificatePath: string;
}

/** Commands of the board's shell that may name a key file: they show and give away none of it. */
const HARMLESS_COMMANDS = new Set(['fs ls', 'fs rm']);

/** Knows which files of a board are credentials, so that no key is read unasked and none is overwritten unawares. */
export class CredentialFiles {
  readonly places: readonly CredentialPlace[];
  readonly #keys: ReadonlySet<string>;
  readonly #certificates: ReadonlySet<string>;

  constructor(products: readonly Product[]) {
    this.places = placesOf(products);
    this.#keys = new Set(products.map(({ keyPath }) => comparable(keyPath)));
    this.#certificates = new Set(products.map(({ certificatePath }) => comparable(certificatePath)));
  }

  /** The directories that file systems are mounted at, such as /lfs1. */
  get mounts(): string[] {
    const roots = this.places.flatMap(({ keyPath, certificatePath }) => [keyPath, certificatePath]);
    return [...new Set(roots.map((path) => `/${path.split('/')[1] ?? ''}`))];
  }

  /** However the path is written. */
  isKey(path: string): boolean {
    return this.#keys.has(comparable(path));
  }

  isCredential(path: string): boolean {
    return this.isKey(path) || this.#certificates.has(comparable(path));
  }

  /** Throws `refused` for the path of a key. */
  mustNotRead(path: string): void {
    if (this.isKey(path)) throw keyStays(path);
  }

  /**
   * Throws `refused` for a shell command that names a key file by whatever path, since the shell has a current directory,
   * unless it only lists or removes it.
   */
  mustNotShow(words: readonly string[]): void {
    if (HARMLESS_COMMANDS.has(words.slice(0, 2).join(' '))) return;
    const names = new Set([...this.#keys].map((path) => posix.basename(path)));
    const named = words.find((word) => names.has(posix.basename(comparable(word.replaceAll(/["'\\]/g, '')))));
    if (named !== undefined) throw keyStays(named);
  }
}

/** The error for whoever would get a private key out of a board. */
export function keyStays(path: string): CommandError {
  const sentence = `${path} is a private key: it stays on the board. "certline board hash" compares it, "certline board probe" shows its certificate.`;
  return new CommandError('refused', sentence);
}

/** FAT knows no case, and every file system knows detours. */
function comparable(path: string): string {
  return posix.normalize(path).replace(/\/$/, '').toLowerCase();
}

function placesOf(products: readonly Product[]): CredentialPlace[] {
  const places = new Map<string, CredentialPlace>();
  for (const { name, keyPath, certificatePath } of products) {
    const pair = `${keyPath}\n${certificatePath}`;
    const names = [...(places.get(pair)?.products ?? []), name];
    places.set(pair, { products: names, keyPath, certificatePath });
  }
  return [...places.values()];
}
