import { setTimeout as sleep } from 'node:timers/promises';
import { OS_RESET } from '../../smp/requests/os-requests.ts';
import { isSmpError } from '../../smp/smp-error.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { printJson, printLine } from '../terminal/stdout.ts';
import type { BoardOptions } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { needing } from './firmware-option.ts';
import { watchRestart } from '../../fixtures/board/watch-restart.ts';
import type { RestartSign } from '../../fixtures/board/watch-restart.ts';

const WHAT = 'reset a board';
/** Firmware that erases flash at boot is slow; a USB port returns after enumeration. */
const COMES_BACK_MS = 15_000;
const PAUSE_MS = 200;

const SIGN_WORDS: Readonly<Record<RestartSign, string>> = {
  port: 'its port went away',
  banner: 'it said that it boots',
  silence: 'it fell silent',
  nothing: 'no restart was seen',
};

/**
 * `certline board reset`: restarts the board and waits until it answers again, wherever its serial number then is.
 * Throws `board` when it does not come back, `refused` when the answer is no.
 */
export async function resetBoard(
  invocation: Invocation,
  port: string,
  options: BoardOptions & { readonly yes?: boolean },
): Promise<void> {
  mustBeConfirmable(WHAT, options);
  let startedAt = 0;
  let seen: RestartSign = 'nothing';
  await withBoard(invocation, port, options, async ({ client, signal }) => {
    await confirm(WHAT, `Reset the board on ${port}?`, { ...options, signal });
    await needing('reset', () => client.request(OS_RESET, { force: false }, { signal }));
    startedAt = performance.now();
    seen = await watchRestart(client, signal);
  });
  if (seen !== 'nothing') await untilBack(invocation, port, options, startedAt + COMES_BACK_MS);
  const backAfterMs = seen === 'nothing' ? null : Math.round(performance.now() - startedAt);
  if (options.json === true) printJson({ port, reset: seen !== 'nothing', seen, backAfterMs });
  else printLine(sentenceOf(seen, backAfterMs));
}

function sentenceOf(seen: RestartSign, backAfterMs: number | null): string {
  if (backAfterMs === null) {
    return 'The board accepted the reset, but no restart was seen: it continued to answer.';
  }
  return `The board was reset (${SIGN_WORDS[seen]}) and answers again after ${(backAfterMs / 1_000).toFixed(1)} s.`;
}

async function untilBack(
  invocation: Invocation,
  port: string,
  options: BoardOptions,
  deadlineMs: number,
): Promise<void> {
  for (;;) {
    try {
      await withBoard(invocation, port, options, async () => undefined);
      return;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (performance.now() >= deadlineMs) throw gone(port, error);
    }
    await sleep(PAUSE_MS);
  }
}

/**
 * While it boots, a board has no port or is silent on it; on a port that just came, udev and modem probes are at work.
 */
function isAway(error: unknown): boolean {
  if (error instanceof CommandError) return error.reason === 'portMissing' || error.reason === 'portBusy';
  return isSmpError(
    error,
    'LINK_NOT_FOUND',
    'LINK_DENIED',
    'LINK_FAILED',
    'LINK_LOST',
    'SMP_TIMEOUT',
    'SMP_NOISE_ONLY',
  );
}

function gone(port: string, cause: unknown): CommandError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const sentence = `The board on ${port} was reset and did not come back within ${COMES_BACK_MS / 1_000} s (${why})`;
  return new CommandError('board', sentence, { cause });
}
