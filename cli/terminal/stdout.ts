/**
 * `certline batch list | head` closes the pipe while there is more to print: from here on that ends the process
 * quietly.
 */
export function endWhenPipeCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

/** Writes one line to standard output. */
export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** Writes a document for programs: the only thing on standard output then. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, undefined, 2));
}
