import { OWN_NAMESPACE, findRunningServer } from '../../line/running-server.ts';
import { temporalFolder } from '../../line/state-folder.ts';
import { externalConfiguration } from '../../temporal/server/external-configuration.ts';
import { isServing } from '../../temporal/server/is-serving.ts';
import { isRunning } from '../../temporal/program/process-identity.ts';
import { describeServer, readServerRecord } from '../../temporal/server/server-record.ts';
import type { ServerRecord } from '../../temporal/server/server-record.ts';
import { findPresentBinary } from '../../temporal/program/temporal-binary.ts';
import { fail, failure, ok, warn } from './finding.ts';
import type { Finding } from './finding.ts';

/** A server that serves says so within milliseconds, unless its host is very busy. */
const SERVING_PATIENCE_MS = 5_000;

const CHECK = 'Temporal';

/**
 * The server of the environment, else the one that runs on the state folder, else the program that a start would take.
 */
export async function checkServer(stateFolder: string): Promise<Finding> {
  try {
    if (externalConfiguration(process.env) !== undefined) {
      const { source, namespace, warning } = await findRunningServer(stateFolder);
      const who = `${source}, namespace ${namespace}`;
      return warning === undefined ? ok(CHECK, who) : warn(CHECK, `${who}. ${warning}`);
    }
    const record = readServerRecord(temporalFolder(stateFolder));
    return record !== undefined && isRunning(record.process) ? await checkOwn(record) : await checkBinary();
  } catch (error) {
    return failure(CHECK, error);
  }
}

async function checkOwn(record: ServerRecord): Promise<Finding> {
  const { address, uiUrl } = describeServer(record, OWN_NAMESPACE);
  const who = `the server of this state folder, pid ${record.process.pid}, at ${address}`;
  if (await isServing(address, SERVING_PATIENCE_MS))
    return ok(CHECK, uiUrl === undefined ? who : `${who}, UI ${uiUrl}`);
  return fail(CHECK, 'server', `${who} does not answer: stop the line and start it again`);
}

async function checkBinary(): Promise<Finding> {
  const failures: string[] = [];
  const binary = await findPresentBinary(process.env, (reason) => failures.push(reason));
  if (binary !== undefined) return ok(CHECK, `not running; a start takes ${binary.source}`);
  const cure = 'the first start downloads or builds it, which takes minutes and a network';
  return warn(CHECK, `no server program yet (${failures.join('; ')}): ${cure}`);
}
