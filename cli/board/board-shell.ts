import { createInterface } from 'node:readline';
import { containsKeyMaterial } from '../../pki/keys/key-material-scan.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson } from '../terminal/stdout.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { CredentialFiles, keyStays } from '../../fixtures/board/credential-files.ts';
import { plainLines } from './plain.ts';
import { runShellCommand } from './run-shell-command.ts';
import type { ShellAnswer } from './run-shell-command.ts';

/**
 * `certline board shell`: one command, else those that are typed or piped in, one in each text line. Throws `board` at
 * the first that fails, unless somebody sits at a terminal; `refused` for one that would show a key.
 */
export async function boardShell(
  invocation: Invocation,
  port: string,
  command: readonly string[],
  options: BoardOptions,
): Promise<void> {
  const words = wordsOf(command.join(' '));
  if (words.length > 0) new CredentialFiles(invocation.config.products).mustNotShow(words);
  else if (options.json === true) throw new CommandError('usage', 'With --json, give the command to run.');
  await withBoard(invocation, port, options, async (session) => {
    if (words.length === 0) await converse(session);
    else await runOne(session, words, options.json === true);
  });
}

async function runOne(session: BoardSession, words: readonly string[], json: boolean): Promise<void> {
  const answer = await runGuarded(session, words);
  if (json) printJson({ port: session.port, command: words.join(' '), ...answer });
  else process.stdout.write(shown(answer));
  mustHaveWorked(words, answer);
}

/** At a terminal a failing command is reported and the next one may be typed; a script ends there. */
async function converse(session: BoardSession): Promise<void> {
  const atTerminal = process.stdin.isTTY;
  const output = atTerminal ? { output: process.stderr } : {};
  const lines = createInterface({ input: process.stdin, ...output, prompt: `${session.port}> ` });
  lines.on('SIGINT', () => lines.close());
  session.signal.addEventListener('abort', () => lines.close());
  if (atTerminal) lines.prompt();
  for await (const line of lines) {
    const words = wordsOf(line);
    if (words.length > 0) await runLine(session, words, atTerminal);
    if (atTerminal) lines.prompt();
  }
}

async function runLine(session: BoardSession, words: readonly string[], atTerminal: boolean): Promise<void> {
  try {
    const answer = await runGuarded(session, words);
    process.stdout.write(shown(answer));
    mustHaveWorked(words, answer);
  } catch (error) {
    if (!atTerminal || !(error instanceof CommandError)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
}

async function runGuarded(
  { client, credentials, signal }: BoardSession,
  words: readonly string[],
): Promise<ShellAnswer> {
  credentials.mustNotShow(words);
  const answer = await runShellCommand(client, words, signal);
  if (containsKeyMaterial(Buffer.from(answer.output))) throw keyStays(`What "${words.join(' ')}" prints`);
  return answer;
}

function mustHaveWorked(words: readonly string[], { ret }: ShellAnswer): void {
  if (ret === null || ret === 0) return;
  throw new CommandError('board', `"${words.join(' ')}" failed on the board: it returned ${ret}.`);
}

function shown({ output }: ShellAnswer): string {
  const text = plainLines(output).replace(/^\n/, '');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/** The board joins the words by blanks again; it knows no quoting. */
function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}
