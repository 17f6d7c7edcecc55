import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { blocksOf } from '../cli/follow-docs.ts';
import { PostgresServer } from '../support/postgres-server.ts';

/** A PostgreSQL server for the tests of a `describe`, in which a section of docs/deployment.md can be followed. */
export class DocumentedDatabase {
  /** Where its data is; a test may add files. */
  readonly folder = mkdtempSync(join(tmpdir(), 'certline-postgres-'));
  #server: PostgresServer | undefined;

  constructor() {
    beforeAll(async () => {
      this.#server = await PostgresServer.start(this.folder);
    });
    afterAll(() => {
      this.#server?.kill();
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  get server(): PostgresServer {
    return this.#server!;
  }

  /** Runs the SQL of the section, a statement after the other. */
  async follow(section: string): Promise<void> {
    const statements = blocksOf('deployment.md', section, 'sql').split(';');
    for (const statement of statements.filter((text) => text.trim()))
      await this.server.sql('postgres', statement);
  }
}
