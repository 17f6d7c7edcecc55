import { once } from 'node:events';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { CommandError } from './exit-status.ts';

/**
 * Aborts at the first Ctrl-C or SIGTERM. A second one ends the process at once; what is half done is found again at the
 * next start.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(EXIT_STATUS.interrupted.status);
    stop.abort(
      new CommandError(
        'interrupted',
        `stopped by ${signal}; when started again it continues where it stopped`,
      ),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return stop.signal;
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
