/** What one schema and its statements must say differently on each database. */
export interface Dialect {
  readonly name: 'SQLite' | 'PostgreSQL';
  /** Type of a column of bytes. */
  readonly blob: string;
  /** Type of a column of integers beyond four octets. */
  readonly long: string;
  /** Type of a column of texts that are compared by their bytes, wherever the database was made. */
  readonly ordered: string;
  /** Type of the primary key that the database numbers itself. */
  readonly identity: string;
  /** What follows the columns of a table. */
  readonly strict: string;
  /** The same for a table that its primary key alone leads to. */
  readonly keyed: string;
  /** True for a text that is JSON; else false or an error. */
  readonly isJson: (column: string) => string;
  /** The member, a text, of a column that holds a JSON object as text. */
  readonly json: (column: string, member: string) => string;
  /** A table of a JSON array in a parameter such as `?2`: `key` from 0, and `value`, a text. */
  readonly each: (parameter: string) => string;
  /** A table `each` of the names in a JSON object in a column, as text: `key`. */
  readonly names: (column: string) => string;
}

export const SQLITE: Dialect = {
  name: 'SQLite',
  blob: 'BLOB',
  long: 'INTEGER',
  ordered: 'TEXT',
  identity: 'INTEGER PRIMARY KEY',
  strict: ' STRICT',
  keyed: ' STRICT, WITHOUT ROWID',
  isJson: (column) => `json_valid(${column})`,
  json: (column, member) => `json_extract(${column}, '$.${member}')`,
  each: (parameter) => `json_each(${parameter})`,
  names: (column) => `json_each(${column}) AS each`,
};

export const POSTGRESQL: Dialect = {
  name: 'PostgreSQL',
  blob: 'BYTEA',
  long: 'BIGINT',
  ordered: 'TEXT COLLATE "C"',
  identity: 'INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
  strict: '',
  keyed: '',
  isJson: (column) => `${column}::json IS NOT NULL`,
  json: (column, member) => `(${column}::json ->> '${member}')`,
  each: (parameter) =>
    `(SELECT place - 1 AS key, value COLLATE "C" AS value FROM json_array_elements_text(${parameter}::json) WITH ORDINALITY AS all_of (value, place))`,
  names: (column) => `json_object_keys(${column}::json) AS each (key)`,
};
