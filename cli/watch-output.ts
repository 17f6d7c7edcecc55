import { EXIT_STATUS } from '../provisioning/exit-status.ts';

/**
 * What happens when nothing more can be printed. `certline batch list | head` closes the pipe while there is more: that ends the process
 * quietly. On a full disk, `certline up > FILE` goes on, since boards are under way, and its status says that the output is not
 * whole. Where standard error cannot be written, nobody can be told.
 */
export function watchOutput(): void {
  let isCut = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    if (isCut) return;
    isCut = true;
    process.once('exit', () => (process.exitCode ||= EXIT_STATUS.disk.status));
    process.stderr.write(
      `certline: the output is not whole, since standard output cannot be written (${error.message}): free some space, or name another file\n`,
    );
  });
  process.stderr.on('error', () => undefined);
}
