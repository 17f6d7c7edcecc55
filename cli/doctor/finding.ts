import type { ExitReason } from '../../provisioning/exit-status.ts';
import { reasonOf, sentenceOf } from '../report-failure.ts';

/**
 * What one check found. `says` is the state and, unless all is well, what to do. `reason`: the exit status that a
 * failure stands for.
 */
export type Finding =
  | { readonly check: string; readonly verdict: 'ok' | 'warn'; readonly says: string }
  | { readonly check: string; readonly verdict: 'fail'; readonly says: string; readonly reason: ExitReason };

export function ok(check: string, says: string): Finding {
  return { check, verdict: 'ok', says };
}

/** The line can work, but not permanently or not as it should. */
export function warn(check: string, says: string): Finding {
  return { check, verdict: 'warn', says };
}

/** The line cannot work so. */
export function fail(check: string, reason: ExitReason, says: string): Finding {
  return { check, verdict: 'fail', says, reason };
}

/** An error of ours as a failure: its sentence, and the exit status it would end a command with. */
export function failure(check: string, error: unknown): Finding {
  return fail(check, reasonOf(error), sentenceOf(error));
}
