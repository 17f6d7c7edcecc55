import { CancellationScope, condition } from '@temporalio/workflow';

/**
 * Runs `work` now, and again once after each activation in which the returned function was called: thousands of signals may come in
 * one, and all of it must take less than five seconds.
 */
export function afterActivation(work: () => void): () => void {
  let isDue = true;
  void CancellationScope.nonCancellable(async () => {
    for (;;) {
      isDue = false;
      work();
      await condition(() => isDue);
    }
  });
  return () => {
    isDue = true;
  };
}
