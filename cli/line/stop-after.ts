import type { Logger } from 'pino';
import type { Role } from '../../workers/role.ts';

/**
 * Stops a role in order when `work` is done, whatever its result. Where `work` failed, its error is thrown: it is the
 * news, and that what failed cannot be stopped in order goes to the log.
 */
export async function stopAfter<T>(
  role: Pick<Role, 'stop'>,
  log: Logger,
  work: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await role.stop().catch((second: unknown) => log.warn({ err: second }, 'could not stop in order'));
    throw error;
  }
  await role.stop();
  return result;
}
