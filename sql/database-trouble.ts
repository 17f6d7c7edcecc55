import type { PostgresTrouble } from './postgres-trouble.ts';
import type { SqliteTrouble } from './sqlite-trouble.ts';

/** `lost`: the file was deleted or replaced. `opened-to-read`: it cannot be written then. */
type OwnTrouble = 'lost' | 'full' | 'read-only' | 'rights' | 'tls' | 'login' | 'opened-to-read';

/** Why a database cannot be used. */
export type DatabaseTrouble = SqliteTrouble | PostgresTrouble | OwnTrouble;

/** Found by us and not by the database. */
export class DatabaseTroubleError extends Error {
  override readonly name = 'DatabaseTroubleError';
  readonly trouble: OwnTrouble;
  /** Where it is about the password file: which, and what is wrong with it. */
  readonly passwordFile: { readonly path: string; readonly why: string } | undefined;

  constructor(
    trouble: OwnTrouble,
    given: { readonly cause?: unknown; readonly passwordFile?: DatabaseTroubleError['passwordFile'] } = {},
  ) {
    super(trouble, { cause: given.cause });
    this.trouble = trouble;
    this.passwordFile = given.passwordFile;
  }
}
