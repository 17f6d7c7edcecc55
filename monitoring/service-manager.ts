import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Node has no Unix datagram sockets; this program comes with systemd and writes into the one of `NOTIFY_SOCKET`. */
const PROGRAM = 'systemd-notify';

/** It waits until systemd has read the message, milliseconds. */
const PATIENCE_MS = 10_000;

/** The service manager that started this process, if it asked to be notified (sd_notify(3), `Type=notify`). */
export interface ServiceManager {
  /** The role works. From now on the watchdog is fed, if the unit has one, for as long as the event loop turns. */
  ready(): Promise<void>;
  stopping(): Promise<void>;
}

const NOBODY: ServiceManager = { ready: async () => undefined, stopping: async () => undefined };

/**
 * What systemd set in the environment decides. `failed` receives what keeps a later message from it. Throws where it waits
 * for a message that cannot be sent.
 */
export function openServiceManager(
  environment: NodeJS.ProcessEnv,
  failed: (error: unknown) => void,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: micros, WATCHDOG_PID: pid } = environment;
  if (socket === undefined || socket === '') return NOBODY;
  let timer: ReturnType<typeof setInterval> | undefined;
  const send = async (...words: string[]): Promise<void> => {
    await run(PROGRAM, words, { env: { ...environment, NOTIFY_SOCKET: socket }, timeout: PATIENCE_MS });
  };
  // Half of what the unit allows, as sd_watchdog_enabled(3) advises.
  const watchdogMs = pid === undefined || Number(pid) === process.pid ? Number(micros ?? 0) / 2_000 : 0;
  return {
    ready: async () => {
      try {
        await send('--ready', `--pid=${process.pid}`, '--status=works');
      } catch (error) {
        throw unsent(error);
      }
      if (watchdogMs === 0) return;
      const feed = (): void => void send('WATCHDOG=1').catch(failed);
      timer = setInterval(feed, watchdogMs);
      timer.unref();
      feed();
    },
    stopping: async () => {
      clearInterval(timer);
      await send('STOPPING=1').catch(failed);
    },
  };
}

function unsent(error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'the program is missing' : message;
  const says = `systemd waits for a message, but ${PROGRAM} cannot send it (${why}): install it (Debian: package systemd), or set Type=exec and no WatchdogSec in the unit.`;
  return new Error(says, { cause: error });
}
