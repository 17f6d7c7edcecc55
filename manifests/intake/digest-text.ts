/** A SHA-256 in a text, and what the text says whose it is. */
interface NamedDigest {
  /** Lower-case hex. */
  readonly digest: string;
  readonly names: readonly string[];
}

/** The digest that a text has for a file, or why there is none. */
export type DigestReading = { readonly digest: string } | { readonly reason: string };

const DIGEST = /(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])/i;

/** As `certutil` of Windows 7 writes it. */
const SPACED_DIGEST = /^\s*(?:[0-9a-f]{2} ){31}[0-9a-f]{2}\s*$/i;

/** `SHA256 (name) = `, as BSD, openssl and `sha256sum --tag` write it before the digest. */
const TAG = /\((.*)\) ?= ?$/;

/** The line of `Get-FileHash | Format-List` that follows the digest. */
const PATH_LINE = /^\s*Path\s*: (.*)$/;

/**
 * The SHA-256 that a program wrote for the file `name`: `sha256sum`, `shasum`, BSD, openssl, `Get-FileHash` and `certutil`
 * are understood. The only digest of a text is that of the file, whatever name it has: files are renamed.
 */
export function digestFor(name: string, text: string): DigestReading {
  const found = namedDigests(text);
  if (found.length === 0) return { reason: 'has no complete SHA-256' };
  const all = new Set(found.map(({ digest }) => digest));
  const own = new Set(found.filter(({ names }) => names.includes(name)).map(({ digest }) => digest));
  const [digest] = own.size > 0 ? own : all;
  if (digest !== undefined && (own.size === 1 || all.size === 1)) return { digest };
  return {
    reason:
      own.size > 1 ? `has ${own.size} of them for ${name}` : `has ${all.size} of them, none for ${name}`,
  };
}

function namedDigests(text: string): NamedDigest[] {
  const lines = text
    .split(/[\r\n]+/)
    .map((line) => (SPACED_DIGEST.test(line) ? line.replaceAll(' ', '') : line.trim()))
    .filter((line) => line !== '');
  return lines.flatMap((line, at) => {
    const found = DIGEST.exec(line);
    if (found === null) return [];
    const [before, after] = [line.slice(0, found.index), line.slice(found.index + found[0].length)];
    const texts = [
      TAG.exec(before)?.[1],
      after.replace(/^\s+\*?/, ''),
      PATH_LINE.exec(lines[at + 1] ?? '')?.[1],
    ];
    const isAlone = before + after === '';
    const names = [
      ...texts.flatMap((each) => (each ? baseName(each) : [])),
      ...(isAlone ? ends(lines[at - 1]) : []),
    ];
    return [{ digest: found[0].toLowerCase(), names }];
  });
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? '';
}

/** What the name may be at the end of `SHA256 hash of lot 7.csv:`, in any language. */
function ends(line = ''): string[] {
  const words = line.replace(/:$/, '').split(' ');
  return words.map((_word, at) => baseName(words.slice(at).join(' ')));
}
