import { resolve } from 'node:path';
import { externalConfiguration } from './external-configuration.ts';
import { openExternalServer } from './external-server.ts';
import { openLocalServer } from './local-server.ts';
import { PATIENCE } from './patience.ts';
import type { Patience } from './patience.ts';
import type { SearchAttributes } from './search-attributes.ts';
import type { TemporalServer } from './temporal-server.ts';

/** The options of {@link openTemporalServer}. */
export interface OpenTemporalServer {
  /** The folder for database, lock, record and log of a server of our own; created if missing. */
  readonly directory: string;
  /** Default: TEMPORAL_NAMESPACE, else `default`. */
  readonly namespace?: string;
  readonly searchAttributes: SearchAttributes;
  /** Whether those that are missing are registered on a server of the environment; false by default: one role does it. */
  readonly registers?: boolean;
  /** Receives progress, one sentence at a time; later also that the server ended by itself. */
  readonly report: (line: string) => void;
  /** Called when the program of a new server is there, before that server is started. */
  readonly onProgram?: () => void;
  readonly signal?: AbortSignal;
  /** The environment of this process unless a test sets another. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Shorter waits, for tests. */
  readonly patience?: Partial<Patience>;
  /** Whether a server of our own serves its web page; true by default. */
  readonly ui?: boolean;
  /** Whether that page may change anything; false by default. */
  readonly uiActions?: boolean;
}

/**
 * Returns a running Temporal server: the one that Temporal's environment configuration names, else a dev server in the
 * state folder, whose program is on PATH, in the cache, downloaded, or built. Throws
 * `TemporalServerError`, or an `AbortError` once the signal is aborted.
 */
export async function openTemporalServer(options: OpenTemporalServer): Promise<TemporalServer> {
  const { environment = process.env, searchAttributes, report, onProgram, signal } = options;
  const { registers = false, ui = true, uiActions = false } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const external = externalConfiguration(environment);
  const namespace =
    options.namespace ?? external?.namespace ?? (environment['TEMPORAL_NAMESPACE'] || 'default');
  if (external !== undefined) {
    const { connectionOptions } = external;
    const wanted = { namespace, searchAttributes, registers };
    return openExternalServer({ connectionOptions, ...wanted, report, signal, patience });
  }
  const directory = resolve(options.directory);
  return openLocalServer({
    directory,
    namespace,
    searchAttributes,
    environment,
    ui,
    uiActions,
    report,
    onProgram,
    signal,
    patience,
  });
}
