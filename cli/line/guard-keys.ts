import { keyExposures, SECURE_HEAP_BYTES } from '../../line/key-exposures.ts';
import { CommandError } from '../exit-status.ts';

/** Set for the one time that a process replaces itself, so that it cannot do so endlessly. */
const GUARDED = 'CERTLINE_GUARDED';

/** The hard limit falls too: nothing that this process starts can raise it again. */
const WITHOUT_CORES = 'ulimit -c 0; exec "$0" "$@"';

/**
 * Makes this process fit to hold private keys, before it has any: it starts itself again (same process id, same
 * command line) with locked memory for keys, makes no core dumps, and ignores the signal that starts a debugger. An npm
 * script could carry the options, but not the limit, and nobody could rely on it. Throws `keysExposed` where that is not
 * enough, but for a rehearsal only says so: keys of virtual boards open nothing, and developers debug there.
 */
export function guardKeys({ isRehearsal = false } = {}): void {
  const exposures = keyExposures();
  const isSecondTime = process.env[GUARDED] !== undefined;
  delete process.env[GUARDED];
  if (exposures.length === 0) return;
  if (isSecondTime || exposures.some(({ kind }) => kind === 'asked-for') || process.execve === undefined) {
    const message = `Keys in this process could get out: ${exposures.map(({ what }) => what).join('; ')}.`;
    if (!isRehearsal) throw new CommandError('keysExposed', message);
    process.stderr.write(`${message} A line with real boards would not start.\n`);
    return;
  }
  const options = [...process.execArgv, `--secure-heap=${SECURE_HEAP_BYTES}`, '--disable-sigusr1'];
  const command = [process.execPath, ...options, ...process.argv.slice(1)];
  process.execve('/bin/sh', ['/bin/sh', '-c', WITHOUT_CORES, ...command], { ...process.env, [GUARDED]: '1' });
}
