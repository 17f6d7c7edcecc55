import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import { findTemporalBinary } from '../../temporal/server/temporal-binary.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A Unix socket that answers with the shared server's address as JSON, starting it for the first who asks. */
    temporalServerSocket: string;
  }
}

/** The tests' server is their own, whatever server this shell is set to. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')),
);
const report = (line: string): void => console.log(line);

/**
 * vitest's global set-up: the shared server lives in vitest's own process, the test files ask for it by a socket. Its
 * program is fetched or built here, where no test's time limit runs.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(tmpdir(), 'certline-test-temporal-'));
  const binary = await findTemporalBinary({ environment, report }).catch((error: Error) => error);
  let starting: Promise<TemporalServer> | undefined;
  const start = async (): Promise<TemporalServer> => {
    if (binary instanceof Error) throw binary;
    return openTemporalServer({ directory, environment, searchAttributes: {}, ui: false, report });
  };
  const answer = async (): Promise<object> => {
    try {
      return { address: (await (starting ??= start())).address };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  const path = join(directory, 'ask');
  const server = createServer((socket) => void answer().then((value) => socket.end(JSON.stringify(value))));
  server.listen(path);
  project.provide('temporalServerSocket', path);
  return async () => {
    server.close();
    await (await starting?.catch(() => undefined))?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
