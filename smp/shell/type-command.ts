import type { RequestOptions } from '../client/ask-until-answered.ts';
import type { SmpClient } from '../client/client.ts';
import { SmpError } from '../smp-error.ts';
import type { Terminal } from '../text/terminal.ts';

/** What a typed command printed, and what it returned: `undefined` where the shell does not say. */
export interface TypedResult {
  readonly output: string;
  readonly ret: number | undefined;
}

/** A shell prints its prompt within its own thread's turn. */
const PROMPT_MS = 500;
/** A log line that comes just then is no prompt: it does not come twice. */
const PROMPT_TRIALS = 3;
/** Zephyr's command that prints what the last one returned (CONFIG_SHELL_CMDS_RETURN_VALUE, on by default). */
const RESULT_COMMAND = 'retval';

/**
 * Types a command into the shell that shares this UART, for firmware without the shell group. The prompt is whatever
 * the shell prints for an empty line, twice the same. Rejects with `SMP_UNSUPPORTED` when there is none, `SMP_TIMEOUT`
 * when it does not come back.
 */
export async function typeCommand(
  client: SmpClient,
  command: string,
  options: RequestOptions = {},
): Promise<TypedResult> {
  return await client.typing(async (terminal, patienceMs) => {
    const promptMs = PROMPT_MS + patienceMs;
    const prompt = await findPrompt(terminal, promptMs);
    if (prompt === undefined) {
      throw new SmpError('SMP_UNSUPPORTED', `${client.name}: there is no shell prompt on this port`);
    }
    const leftMs = (options.deadlineMs ?? Infinity) - performance.now();
    const commandMs = Math.min(client.giveUpMs({ pace: 'shell' }), leftMs);
    const output = await run(terminal, prompt, command, commandMs);
    if (output === undefined) {
      throw new SmpError('SMP_TIMEOUT', `${client.name}: the shell does not come back from "${command}"`);
    }
    return { output, ret: resultIn(await run(terminal, prompt, RESULT_COMMAND, promptMs)) };
  }, options);
}

async function findPrompt(terminal: Terminal, waitMs: number): Promise<string | undefined> {
  let before: string | undefined;
  for (let trial = 0; trial < PROMPT_TRIALS; trial++) {
    const text = await terminal.type('', (printed) => lastLineOf(printed).trim() !== '', waitMs);
    if (text === undefined) return undefined;
    const prompt = lastLineOf(text);
    if (prompt === before) return prompt;
    before = prompt;
  }
  return undefined;
}

/** What a command printed, between the echo of its line and the prompt behind it. */
async function run(
  terminal: Terminal,
  prompt: string,
  command: string,
  waitMs: number,
): Promise<string | undefined> {
  const text = await terminal.type(command, (printed) => isBackAt(printed, prompt), waitMs);
  if (text === undefined) return undefined;
  const printed = text.slice(0, text.length - prompt.length);
  // A prompt may be before the echo again, where a log line has moved it.
  const echo = `${command}\n`;
  const start = printed.indexOf(echo);
  return start < 0 ? printed : printed.slice(start + echo.length);
}

/** The prompt alone on the last line; what only ends like it may be output. */
function isBackAt(printed: string, prompt: string): boolean {
  return printed.includes('\n') && lastLineOf(printed) === prompt;
}

function lastLineOf(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

function resultIn(output: string | undefined): number | undefined {
  const [, digits] = /^(-?\d+)\n/.exec(output ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
}
