import { EXIT_STATUS } from '../provisioning/exit-status.ts';

/**
 * What happens when nothing more can be printed. `certline batch list | head` closes the pipe while there is more: that ends the process
 * quietly, and a factory line in order, as SIGTERM does. On a full disk, `certline up > FILE` continues, since boards are under
 * way, and its status says that the output is not whole. Where standard error cannot be written, nothing can be said.
 */
export function watchOutput(): void {
  let isCut = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isCut) return;
    isCut = true;
    if (error.code === 'EPIPE') endForReader();
    else tellCut(error.message);
  });
  process.stderr.on('error', () => undefined);
}

/** What runs until somebody stops it listens to SIGTERM. */
function endForReader(): void {
  if (process.listenerCount('SIGTERM') > 0) process.kill(process.pid, 'SIGTERM');
  else process.exit();
}

function tellCut(why: string): void {
  process.once('exit', () => (process.exitCode ||= EXIT_STATUS.disk.status));
  process.stderr.write(
    `certline: the output is not whole, since standard output cannot be written (${why}): free some space, or name another file\n`,
  );
}
