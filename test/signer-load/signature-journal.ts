import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** A line of the journal: a life of the signer began or ended in peace, or its key was asked for a signature. */
export type JournalEntry =
  | { readonly event: 'started' | 'stopped'; readonly head: number }
  | {
      readonly event: 'signature';
      readonly requestId: string;
      /** Of the message, hex. */
      readonly sha256: string;
      /** Entries of the audit log that were committed then, as another connection to the ledger sees it. */
      readonly head: number;
    };

/** The counter at the key: a file that the signer's process only adds to, before each signature. */
export class SignatureJournal {
  readonly #path: string;
  readonly #ledger: DatabaseSync;

  constructor(path: string, ledgerPath: string) {
    this.#path = path;
    this.#ledger = new DatabaseSync(ledgerPath, { readOnly: true });
  }

  lifeBegins(): void {
    this.#append({ event: 'started', head: this.#head() });
  }

  lifeEnds(): void {
    this.#append({ event: 'stopped', head: this.#head() });
    this.#ledger.close();
  }

  signatureAsked(requestId: string, message: Uint8Array): void {
    const sha256 = createHash('sha256').update(message).digest('hex');
    this.#append({ event: 'signature', requestId, sha256, head: this.#head() });
  }

  #head(): number {
    const row = this.#ledger.prepare('SELECT coalesce(max(seq), 0) AS head FROM audit').get();
    return Number(row?.['head']);
  }

  #append(entry: JournalEntry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
  }
}
