import { SqliteConnection } from '../../sql/sqlite-connection.ts';
import { sqliteTrouble } from '../../sql/sqlite-trouble.ts';
import { STAGING_TABLE } from './import-batch.ts';
import { MIGRATIONS } from './migrations.ts';
import { openError, registryError } from './sqlite-errors.ts';

/** The file of a registry. What fails is thrown as a RegistryError. */
export class RegistryDatabase {
  readonly #connection: SqliteConnection;

  /**
   * Opens or makes the file (mode 0600) and brings its schema up to date; with `readOnly` it must be there and of this
   * version, and stays as it is. Throws RegistryError.
   */
  constructor(path: string, { readOnly = false }: { readonly readOnly?: boolean } = {}) {
    try {
      this.#connection = readOnly
        ? SqliteConnection.openForReading(path, MIGRATIONS)
        : SqliteConnection.open(path, MIGRATIONS);
      if (!readOnly) this.#connection.exec(STAGING_TABLE);
    } catch (error) {
      throw openError(error, path);
    }
  }

  async read<T>(work: (db: SqliteConnection) => T): Promise<T> {
    try {
      return work(this.#connection);
    } catch (error) {
      throw registryError(error, this.#connection.path);
    }
  }

  /** All that `work` writes, or nothing of it. */
  async write<T>(work: (db: SqliteConnection) => T): Promise<T> {
    return await this.read((db) => db.transaction(() => work(db)));
  }

  /** `work` waits for others too. What they throw is not about the registry and stays as it is. */
  async run<T>(work: (db: SqliteConnection) => Promise<T>): Promise<T> {
    try {
      return await work(this.#connection);
    } catch (error) {
      throw sqliteTrouble(error) === undefined ? error : registryError(error, this.#connection.path);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
