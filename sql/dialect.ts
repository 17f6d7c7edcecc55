/** What one schema must say differently on each database. */
export interface Dialect {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** Type of a column of bytes. */
  readonly blob: string;
  /** Type of the primary key that the database numbers itself. */
  readonly identity: string;
  /** What follows the columns of a table. */
  readonly strict: string;
  /** The member, a text, of a column that holds a JSON object as text. */
  readonly json: (column: string, member: string) => string;
}

export const SQLITE: Dialect = {
  name: 'SQLite',
  blob: 'BLOB',
  identity: 'INTEGER PRIMARY KEY',
  strict: ' STRICT',
  json: (column, member) => `json_extract(${column}, '$.${member}')`,
};

export const POSTGRESQL: Dialect = {
  name: 'PostgreSQL',
  blob: 'BYTEA',
  identity: 'INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  strict: '',
  json: (column, member) => `(${column}::json ->> '${member}')`,
};
