import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { judgeChain } from '../../pki/audit/audit-chain.ts';
import type { AuditEntry } from '../../pki/audit/audit-chain.ts';
import { openCheckpoint } from '../../pki/audit/audit-checkpoint.ts';
import { parseVerifier } from '../../pki/keys/signed-note.ts';
import { orderSourcesOf } from '../../line/orders.ts';
import { auditVerifierPath, auditWitnessPath } from '../../line/state-folder.ts';
import { ledgerFindings } from '../../line/unaltered-ledger.ts';
import { EXPORT_FILES } from './export-audit.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import { CommandError } from '../exit-status.ts';
import type { Invocation } from '../invocation.ts';
import { withLedger } from '../open-ledger.ts';
import { printJson, printLine } from '../terminal/stdout.ts';

export interface VerifyAuditOptions {
  readonly checkpoint?: string;
  readonly key?: string;
  readonly json?: boolean;
}

/** What is judged: a log, and the files that a checkpoint and the key that signed it are in. */
interface Judged {
  readonly entries: AsyncIterable<AuditEntry>;
  readonly checkpoint: string;
  readonly key: string;
}

interface Judgement {
  readonly entries: number;
  readonly head: string;
  /** How many entries the checkpoint covers; null where there is no checkpoint signed by that key. */
  readonly witnessed: number | null;
  readonly problems: readonly string[];
}

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
          const judged = await judge({ entries: ledger.auditLog.auditEntries(), checkpoint, key });
          const found = await ledgerFindings(ledger, orderSourcesOf(stateFolder, config));
          return { ...judged, problems: [...judged.problems, ...found] };
        })
      : await judge(exported(folder, options));
  if (judgement.problems.length > 0) process.exitCode = EXIT_STATUS.auditBroken.status;
  if (options.json === true) printJson(judgement);
  else print(judgement);
}

function exported(folder: string, options: VerifyAuditOptions): Judged {
  const log = join(folder, EXPORT_FILES.log);
  if (!existsSync(log))
    throw new CommandError(
      'unknown',
      `There is no ${log}: name the folder that "certline audit export" made.`,
    );
  return {
    entries: readEntries(log),
    checkpoint: options.checkpoint ?? join(folder, EXPORT_FILES.checkpoint),
    key: options.key ?? join(folder, EXPORT_FILES.verifier),
  };
}

async function judge({ entries, checkpoint: note, key }: Judged): Promise<Judgement> {
  const verifier = existsSync(key) ? parseVerifier(readFileSync(key, 'utf8')) : undefined;
  const checkpoint =
    verifier === undefined || !existsSync(note)
      ? undefined
      : openCheckpoint(readFileSync(note, 'utf8'), verifier);
  const { size, head, brokenEntry, reachesCheckpoint } = await judgeChain(entries, checkpoint);
  const problems: string[] = [];
  if (checkpoint === undefined) problems.push(`${note} is not a checkpoint signed by the key in ${key}`);
  if (brokenEntry !== undefined)
    problems.push(
      `entry ${brokenEntry} does not follow from the one before: it or an earlier one was changed`,
    );
  if (checkpoint !== undefined && !reachesCheckpoint)
    problems.push(
      `the log has ${size} entries, without the one that its checkpoint of ${checkpoint.size} ends with`,
    );
  return { entries: size, head, witnessed: checkpoint?.size ?? null, problems };
}

async function* readEntries(path: string): AsyncGenerator<AuditEntry> {
  for await (const line of createInterface({ input: createReadStream(path) })) yield entryOf(line);
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

function print({ entries, head, witnessed, problems }: Judgement): void {
  printLine(`${entries} entries, head ${head}`);
  if (witnessed !== null) printLine(`Checkpoint signed over ${witnessed} of them`);
  for (const problem of problems) printLine(`WRONG: ${problem}`);
  if (problems.length === 0) printLine('The log is whole.');
}
