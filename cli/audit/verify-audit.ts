import { join } from 'node:path';
import { isThere } from '../../disk/is-there.ts';
import { judgeChain } from '../../pki/audit/audit-chain.ts';
import type { AuditEntry } from '../../pki/audit/audit-chain.ts';
import { openCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { hasOwnName } from '../../pki/keys/audit-key.ts';
import { parseVerifier, verifierText } from '../../pki/keys/signed-note.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { auditVerifierPath, auditWitnessPath } from '../../line/state-folder.ts';
import { ledgerFindings } from '../../line/unaltered-ledger.ts';
import { EXPORT_FILES } from './export-audit.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { CommandError } from '../exit-status.ts';
import { readGivenFile } from '../given-file.ts';
import type { Wanted } from '../given-file.ts';
import { readGivenLines } from '../given-lines.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

export interface VerifyAuditOptions {
  readonly checkpoint?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** What is checked: a log, and the files that a checkpoint and the key that signed it are in. */
interface Judged {
  readonly entries: AsyncIterable<AuditEntry>;
  readonly checkpoint: string;
  readonly key: string;
  /** The key came with the log, so it proves nothing by itself. */
  readonly isStrangers: boolean;
}

interface Judgement {
  readonly entries: number;
  readonly head: string;
  /** How many entries the checkpoint covers; null where there is no checkpoint signed by that key. */
  readonly witnessed: number | null;
  /** Text form of the key that signed it; null where none did. */
  readonly key: string | null;
  readonly problems: readonly string[];
}

/** Of each text line; the longest has the serials of a chunk. */
const LOG: Wanted = { content: 'a log of "certline audit export"', maxBytes: 2 ** 20 };
const CHECKPOINT: Wanted = { content: 'a checkpoint of "certline audit checkpoint"', maxBytes: 2 ** 20 };
const AUDIT_KEY: Wanted = { content: 'the audit.pub of the signer', maxBytes: 2 ** 20 };

/** `certline audit verify`. Sets exit status `auditBroken`; throws `unknown` without a log to check. */
export async function verifyAudit(
  invocation: Invocation,
  folder: string | undefined,
  options: VerifyAuditOptions,
): Promise<void> {
  const { stateFolder, config } = invocation;
  const judgement =
    folder === undefined
      ? await withLedger(invocation, 'read', async (ledger) => {
          const checkpoint = options.checkpoint ?? config.auditWitnessFile ?? auditWitnessPath(stateFolder);
          const key = options.key ?? auditVerifierPath(stateFolder);
          const entries = ledger.auditLog.auditEntries();
          const judged = await judge({ entries, checkpoint, key, isStrangers: false });
          const found = await ledgerFindings(ledger, orderSourcesOf(stateFolder, config));
          return { ...judged, problems: [...judged.problems, ...found] };
        })
      : await judge(exported(folder, options));
  if (judgement.problems.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (options.json === true) printJson(judgement);
  else print(judgement, folder !== undefined && options.key === undefined);
}

function exported(folder: string, options: VerifyAuditOptions): Judged {
  const log = join(folder, EXPORT_FILES.log);
  if (!isThere(log))
    throw new CommandError(
      'unknown',
      `There is no ${log}: name the folder that "certline audit export" made.`,
    );
  return {
    entries: readEntries(log),
    checkpoint: options.checkpoint ?? join(folder, EXPORT_FILES.checkpoint),
    key: options.key ?? join(folder, EXPORT_FILES.verifier),
    isStrangers: options.key === undefined,
  };
}

async function judge({ entries, checkpoint: note, key, isStrangers }: Judged): Promise<Judgement> {
  const verifier = isThere(key) ? parseVerifier(readGivenFile(key, AUDIT_KEY).toString()) : undefined;
  const checkpoint =
    verifier === undefined || !isThere(note)
      ? undefined
      : openCheckpoint(readGivenFile(note, CHECKPOINT).toString(), verifier);
  const { size, head, brokenEntry, reachesCheckpoint } = await judgeChain(entries, checkpoint);
  const problems: string[] = [];
  if (checkpoint === undefined) problems.push(`${note} is not a checkpoint signed by the key in ${key}`);
  if (isStrangers && verifier !== undefined && !hasOwnName(verifier))
    problems.push(`the key in ${key} is not an audit key under its own name`);
  if (brokenEntry !== undefined)
    problems.push(
      `entry ${brokenEntry} does not follow from the one before: it or an earlier one was changed`,
    );
  if (checkpoint !== undefined && !reachesCheckpoint)
    problems.push(
      `the log has ${size} entries, without the one that its checkpoint of ${checkpoint.size} ends with`,
    );
  const signedBy = checkpoint && verifier ? verifierText(verifier) : null;
  return { entries: size, head, witnessed: checkpoint?.size ?? null, key: signedBy, problems };
}

async function* readEntries(path: string): AsyncGenerator<AuditEntry> {
  for await (const line of readGivenLines(path, LOG)) yield entryOf(line);
}

/** Text that is not an entry becomes one that follows from nothing. */
function entryOf(line: string): AuditEntry {
  try {
    const { seq, body, hash } = JSON.parse(line) as Partial<AuditEntry>;
    return { seq: Number(seq), body: String(body), hash: String(hash) };
  } catch {
    return { seq: 0, body: '', hash: '' };
  }
}

function print({ entries, head, witnessed, key, problems }: Judgement, isStrangers: boolean): void {
  printLine(`${entries} entries, head ${head}`);
  if (witnessed !== null) printLine(`Checkpoint signed over ${witnessed} of them`);
  for (const problem of problems) printLine(`WRONG: ${problem}`);
  if (problems.length > 0) return;
  printLine('The log is whole.');
  if (!isStrangers || key === null) return;
  printLine(
    'Its checkpoint is signed by the key below, which came with it: compare all of it with the audit.pub of the signer.',
  );
  printLine(key);
}
