/** The schema of a database is not the one that this program needs. */
export class SchemaVersionError extends Error {
  override readonly name = 'SchemaVersionError';
  /** `newer`: a later version of this program wrote it. `older`: it must be migrated, and was opened for reading. */
  readonly standing: 'newer' | 'older';

  constructor(version: number, known: number) {
    super(`schema ${version}, this program knows ${known}`);
    this.standing = version > known ? 'newer' : 'older';
  }
}
