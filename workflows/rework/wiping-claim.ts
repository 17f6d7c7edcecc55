import { ActivityFailure, ApplicationFailure, isCancellation, sleep } from '@temporalio/workflow';
import type { GenerateKeypairInput, GeneratedKeypair } from '../../provisioning/claim.ts';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { retryPauseMs } from '../../provisioning/retry-pause.ts';
import { RETRY_PAUSE_MS } from '../../provisioning/timeouts.ts';
import { triesOnOwnBoard } from '../steps.ts';
import { codeOfStepFailure, wasNeverTaken } from '../unit/step-failure.ts';

/** A station finds these before it writes to a board. */
const BEFORE_WRITING: ReadonlySet<FailureCode> = new Set([
  'NO_BOARD',
  'BOARD_GONE',
  'BOARD_TAKEN',
  'BOARD_FOREIGN',
  'BOARD_COUNTERFEIT',
  'BOARD_WRONG_PRODUCT',
  'PERMIT_INVALID',
  'SIGNER_UNKNOWN',
]);

/**
 * Step 1 of a rekey. The station removes the certificate and then writes the key, so a try that fails in between has wiped the
 * board: `onWiped` is called where it may have. Each try is an activity of its own: of one that Temporal repeats, only
 * the last failure is known.
 */
export async function claimAndWipe(
  input: GenerateKeypairInput,
  onWiped: () => Promise<void>,
): Promise<GeneratedKeypair> {
  const tries: Partial<Record<FailureCode, number>> = {};
  for (;;) {
    const claim = triesOnOwnBoard(input.unit.serial).generateKeypair(input);
    const tried = await claim.catch((error: unknown) => ({ error }));
    if (!('error' in tried)) {
      await onWiped();
      return tried;
    }
    if (mayHaveWiped(tried.error)) await onWiped();
    await pauseAfter(tried.error, tries);
  }
}

/** Whether a claim that failed, or was cancelled, may have wiped the board in its last try. */
export function mayHaveWiped(error: unknown): boolean {
  if (!(error instanceof ActivityFailure)) return false;
  if (isCancellation(error)) return wasTaken(error);
  return !wasNeverTaken(error) && !BEFORE_WRITING.has(codeOfStepFailure(error, 'generateKeypair'));
}

/** Whether a station had begun what was cancelled. */
function wasTaken({ failure }: ActivityFailure): boolean {
  return Number(failure?.activityFailureInfo?.startedEventId ?? 0) > 0;
}

/** As the failure table says, as an activity is repeated that counts its tries itself. Throws what was the last try. */
async function pauseAfter(error: unknown, tries: Partial<Record<FailureCode, number>>): Promise<void> {
  const code = codeOfStepFailure(error, 'generateKeypair');
  const { cause } = error as ActivityFailure;
  if (cause instanceof ApplicationFailure) {
    const count = (tries[code] ?? 0) + 1;
    tries[code] = count;
    if (cause.nonRetryable === true || count >= FAILURES[code].attempts) throw error;
    await sleep(retryPauseMs(FAILURES[code], count));
    return;
  }
  // A station that stopped in the middle may be back at once, or tomorrow: the next try waits for it.
  await sleep(RETRY_PAUSE_MS.first);
}
