import { createInterface } from 'node:readline/promises';
import { CommandError } from './exit-status.ts';
import { columnsOf } from './terminal/stdout.ts';
import { wrapped } from './terminal/wrap.ts';

/** Throws `usage` where `--yes` is not given and nobody can be asked; `what` is an infinitive. */
export function mustBeConfirmable(what: string, options: { readonly yes?: boolean }): void {
  if (options.yes === true || process.stdin.isTTY) return;
  throw new CommandError('usage', `To ${what} without a terminal to ask at, add --yes.`);
}

/** Asks, unless `--yes` is given. Throws `usage` as above, `refused` when the answer is no. */
export async function confirm(
  what: string,
  question: string,
  options: { readonly yes?: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  mustBeConfirmable(what, options);
  if (options.yes === true) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const signal = options.signal ?? new AbortController().signal;
    const rows = wrapped(`${question} [y/N]`, columnsOf(process.stderr));
    const answer = await terminal.question(`${rows.join('\n')} `, { signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new CommandError('refused', 'Nothing was changed.');
}
