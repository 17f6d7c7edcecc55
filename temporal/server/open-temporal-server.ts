import { resolve } from 'node:path';
import { externalConfiguration, openExternalServer } from './external-server.ts';
import { openLocalServer } from './local-server.ts';
import { PATIENCE } from './patience.ts';
import type { Patience } from './patience.ts';
import type { SearchAttributes } from './search-attributes.ts';
import type { TemporalServer } from './temporal-server.ts';

/** What is asked of {@link openTemporalServer}. */
export interface OpenTemporalServer {
  /** The state folder, for database file, lock, record and log of a server of our own; made if missing. */
  readonly directory: string;
  /** Before TEMPORAL_NAMESPACE, which is before `default`. */
  readonly namespace?: string;
  readonly searchAttributes: SearchAttributes;
  /** Hears what is being done, a sentence at a time, also later if the server ends by itself. */
  readonly report: (line: string) => void;
  /** Called when the program of a new server is there, before that server is started. */
  readonly onProgram?: () => void;
  readonly signal?: AbortSignal;
  /** The process's own unless a test says otherwise. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Shorter waits, for tests. */
  readonly patience?: Partial<Patience>;
  /** Whether a server of our own shows its web page; it does unless this is false. */
  readonly ui?: boolean;
}

/**
 * Gives a running Temporal server: the one that Temporal's environment configuration names, else a dev server in the
 * state folder, whose program is looked for on PATH and in the cache, downloaded, or built. Throws
 * `TemporalServerError`, or an `AbortError` once the signal is aborted.
 */
export async function openTemporalServer(options: OpenTemporalServer): Promise<TemporalServer> {
  const { environment = process.env, searchAttributes, report, onProgram, signal, ui = true } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const external = externalConfiguration(environment);
  const namespace =
    options.namespace ?? external?.namespace ?? (environment['TEMPORAL_NAMESPACE'] || 'default');
  if (external !== undefined) {
    const { connectionOptions } = external;
    return openExternalServer({ connectionOptions, namespace, searchAttributes, report, signal, patience });
  }
  const directory = resolve(options.directory);
  return openLocalServer({
    directory,
    namespace,
    searchAttributes,
    environment,
    ui,
    report,
    onProgram,
    signal,
    patience,
  });
}
