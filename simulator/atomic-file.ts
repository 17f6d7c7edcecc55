// A file that is either the old one or the new one, whenever the process dies.

import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';

/** Writes `text` beside `path` and renames it into place, mode 0600. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, path);
}
