import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openTemporalServer } from '../../temporal/server/open-temporal-server.ts';
import { findTemporalBinary } from '../../temporal/program/temporal-binary.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { offerOnce } from './once-a-run.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A Unix socket that answers with the address of the shared server, started for the first that asks. */
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
  const path = join(directory, 'ask');
  const stop = offerOnce(path, async () => {
    if (binary instanceof Error) throw binary;
    starting = openTemporalServer({ directory, environment, searchAttributes: {}, ui: false, report });
    return (await starting).address;
  });
  project.provide('temporalServerSocket', path);
  return async () => {
    stop();
    await (await starting?.catch(() => undefined))?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
