import { onTestFinished } from 'vitest';
import { PostgresServer } from './postgres-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A PostgreSQL server of one test, and its folder; both are gone when the test is finished. */
export async function ownPostgres(): Promise<{ readonly server: PostgresServer; readonly folder: string }> {
  const folder = temporaryFolder();
  const server = await PostgresServer.start(folder);
  onTestFinished(() => server.kill());
  return { server, folder };
}
