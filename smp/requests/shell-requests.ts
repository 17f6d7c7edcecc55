import { plainText } from '../text/plain-text.ts';
import type { SmpRequest } from '../wire/smp-request.ts';
import { text } from '../wire/smp-request.ts';

/** What a shell command printed and returned; 0 is success, a negative number an errno. */
export interface ShellResult {
  readonly output: string;
  readonly ret: number;
}

/** Runs a command in the board's shell. The board joins the words by blanks: there is no quoting. */
export const SHELL_EXEC: SmpRequest<{ argv: readonly string[] }, ShellResult> = {
  name: 'shell command',
  group: 9,
  id: 0,
  op: 'write',
  pace: 'shell',
  repeat: 'never',
  longReply: true,
  rcIsResult: true,
  encode: (parameters) => ({ argv: parameters.argv }),
  parse: (body) => {
    const output = text(body, 'o');
    const ret = body['ret'] ?? body['rc'];
    if (output === undefined || !Number.isSafeInteger(ret)) return undefined;
    return { output: plainText(output), ret: ret as number };
  },
};

/** The same for a command that may run twice without harm: it is repeated when nobody answers. */
export const SHELL_EXEC_REPEATABLE: typeof SHELL_EXEC = { ...SHELL_EXEC, repeat: 'freely' };
