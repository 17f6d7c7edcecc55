import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeWhole } from '../../disk/write-whole.ts';
import { loadAuditKey } from '../../pki/keys/audit-key.ts';
import { makeCheckpoint } from '../../pki/audit/audit-witness.ts';
import { verifierText } from '../../pki/keys/signed-note.ts';
import { auditKeyPath } from '../../line/state-folder.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { tell } from '../terminal/stdout.ts';

/**
 * The files of an exported audit log: one entry per line in JSON, a checkpoint of all of it, and the key that signed
 * it.
 */
export const EXPORT_FILES = {
  log: 'audit.jsonl',
  checkpoint: 'audit.checkpoint',
  verifier: 'audit.pub',
} as const;

/** `certline audit export`. Throws `unknown` without a ledger, AUDIT_KEY_INVALID. */
export async function exportAudit(
  invocation: Invocation,
  folder: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const key = loadAuditKey(auditKeyPath(invocation.stateFolder));
  if (isThere(join(folder, EXPORT_FILES.log)))
    throw new CommandError('refused', `There is an export in ${folder} already: name another folder.`);
  await withLedger(invocation, 'update', async (ledger) => {
    makeFolder(folder);
    const { size, note } = await makeCheckpoint(ledger.auditLog, key, new Date());
    const write = (name: string, text: string | AsyncIterable<string>): Promise<void> =>
      writeWhole(join(folder, name), 0o644, text);
    async function* lines(): AsyncGenerator<string> {
      // Entries that come while this runs are the next export's.
      for await (const entry of ledger.auditLog.auditEntries()) {
        if (entry.seq > size) return;
        yield `${JSON.stringify(entry)}\n`;
      }
    }
    await write(EXPORT_FILES.verifier, `${verifierText(key.verifier)}\n`);
    await write(EXPORT_FILES.checkpoint, note);
    await write(EXPORT_FILES.log, lines());
    const log = join(folder, EXPORT_FILES.log);
    tell(
      options.json,
      { folder, log, entries: size },
      `${size} entries in ${log}; check them with "certline audit verify ${folder}".`,
    );
  });
}
