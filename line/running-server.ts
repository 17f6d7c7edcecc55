import { ConfigError } from './config-error.ts';
import { openTemporalServer } from '../temporal/server/open-temporal-server.ts';
import { externalConfiguration } from '../temporal/server/external-configuration.ts';
import { isRunning } from '../temporal/program/process-identity.ts';
import { describeServer, readServerRecord } from '../temporal/server/server-record.ts';
import type { TemporalServer } from '../temporal/server/temporal-server.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { temporalFolder } from './state-folder.ts';

/** The namespace of a line's own server. */
export const OWN_NAMESPACE = 'default';

/**
 * The Temporal server that commands talk to: the one of the environment, else that of the line that runs on this state
 * folder. Starts none: throws LINE_NOT_RUNNING. It registers search attributes that are missing only with `registers`.
 */
export async function findRunningServer(
  stateFolder: string,
  { registers = false } = {},
): Promise<TemporalServer> {
  const directory = temporalFolder(stateFolder);
  if (externalConfiguration(process.env) !== undefined) {
    return await openTemporalServer({
      directory,
      searchAttributes: SEARCH_ATTRIBUTES,
      registers,
      report: () => undefined,
    });
  }
  const record = readServerRecord(directory);
  if (record === undefined || !isRunning(record.process)) {
    throw new ConfigError(
      'LINE_NOT_RUNNING',
      `No factory line runs on ${stateFolder}: start it with "certline demo" or "certline up", or name another folder with --state.`,
    );
  }
  return { ...describeServer(record, OWN_NAMESPACE), owned: false, stop: async () => undefined };
}
