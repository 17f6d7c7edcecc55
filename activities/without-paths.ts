import { PkiError } from '../pki/pki-error.ts';

/** An absolute path, but not the path of a URL. Captured is its last name. */
const PATH = /(?<![\w.:/])(?:\/[^\s/:;,"')]+)+\/([^\s/:;,"')]+)/g;

/**
 * Runs a task of the signer. Its errors go to everyone who can read Temporal, and where the signer keeps its files is
 * nobody's business there: of an absolute path only the last name is left. The log of the host has the whole error.
 */
export async function withoutPaths<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    const { code, reason, message } = error;
    throw new PkiError(code, message.replaceAll(PATH, '$1'), {
      ...(reason !== undefined && { reason }),
      cause: error,
    });
  }
}
