import { wrapped } from './wrap.ts';

/** Resolves when all that was printed is written, or cannot be any more. */
export async function flushed(): Promise<void> {
  const written = [process.stdout, process.stderr].map(
    (out) => new Promise<void>((resolve) => void out.write('', () => resolve())),
  );
  await Promise.all(written);
}

/** How many cells a row has: those of the terminal; elsewhere a row has no end, so that programs read each as one text line. */
export function columnsOf(out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number {
  return out.isTTY && out.columns > 0 ? out.columns : Infinity;
}

/** Writes sentences to standard output, in rows that fit the terminal. */
export function printLine(text = ''): void {
  printDocument(wrapped(text, columnsOf(process.stdout)).join('\n'));
}

/** Writes a text as it is, and a newline: for programs, or for files. */
export function printDocument(text: string): void {
  process.stdout.write(`${text}\n`);
}

let documents = 0;

/** Writes a document for programs: the only thing on standard output then. */
export function printJson(value: unknown): void {
  documents += 1;
  printDocument(JSON.stringify(value, undefined, 2));
}

/** How many documents this process has printed. */
export const documentsPrinted = (): number => documents;

/** Says what was done: to programs as a document, else in sentences. */
export function tell(json: boolean | undefined, document: object, ...sentences: readonly string[]): void {
  if (json === true) printJson(document);
  else for (const sentence of sentences) printLine(sentence);
}
