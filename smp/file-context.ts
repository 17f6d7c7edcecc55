import { Turn } from './turn.ts';

/**
 * What a client knows of the one file that a board keeps open for it between requests. An upload that may be open
 * is dangerous: a first part sent again to it is appended instead of replacing (smp/README.md, "Retries").
 */
export class FileContext {
  /** Transfers take turns: a second one would close the first one's file. */
  readonly turn = new Turn();
  /** True until the board has done something that closes an upload. */
  uploadMayBeOpen = true;
}
