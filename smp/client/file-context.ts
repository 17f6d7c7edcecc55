import { Turn } from './turn.ts';

/**
 * What a client knows about the one file that a board keeps open for it between requests. A first part that reaches an
 * upload still open is appended instead of replacing the content (smp/README.md, "Retries").
 */
export class FileContext {
  /** Transfers take turns: a second one would close the first one's file. */
  readonly turn: Turn;
  /**
   * `open`: our own, so it has to be closed before a first part. `unknown`: after connecting; another program that used
   * the port before may have left one, which the offset in the answer to the first part would show. `closed`: neither.
   */
  upload: 'unknown' | 'open' | 'closed' = 'unknown';

  /** `name`: of the port, for errors. */
  constructor(name: string) {
    this.turn = new Turn(name);
  }
}
