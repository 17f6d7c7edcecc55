import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { FAILURES, isFailureCode } from '../../provisioning/failure-table.ts';
import type { FailureCode } from '../../provisioning/failure-table.ts';
import { invocationOf, stateFolderOf } from '../invocation.ts';
import { didYouMean } from '../nearest-names.ts';
import type { RerunOptions } from './rerun-batch.ts';

const ID = 'the batch: its id, or the beginning of it';

/** Commands about batches. list and show read the registry, the others talk to the running line. */
export function addBatchCommands(program: Command): void {
  const batch = program
    .command('batch')
    .description('see how batches stand, and steer those that are under way')
    .addHelpText(
      'after',
      `
Examples:
  certline batch list
  certline batch show PO-1001
  certline batch rerun PO-1001 --code SMP_TIMEOUT`,
    );
  addReading(batch);
  addWatch(batch);
  addRerun(batch);
  addCancel(batch);
}

function addReading(batch: Command): void {
  batch
    .command('list')
    .description('all batches, the newest first; needs no running line')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText(
      'after',
      "\nExample:\n  certline batch list --json | jq -r '.batches[] | select(.attention > 0).batchId'",
    )
    .action(async (options: { json?: boolean }, command: Command) => {
      const { listBatches } = await import('./list-batches.ts');
      await listBatches(stateFolderOf(command), options);
    });
  batch
    .command('show')
    .description(
      'one batch: counts, units that wait for a decision, where its result lies; needs no running line',
    )
    .argument('<id>', ID)
    .option('--units', 'every unit, not only those that wait')
    .option('--json', 'one JSON document instead of text')
    .addHelpText(
      'after',
      '\nExamples:\n  certline batch show PO-1001\n  certline batch show PO-1001 --units --json',
    )
    .action(async (id: string, options: { units?: boolean; json?: boolean }, command: Command) => {
      const { describeBatch } = await import('./describe-batch.ts');
      await describeBatch(invocationOf(command), id, options);
    });
}

function addWatch(batch: Command): void {
  batch
    .command('watch')
    .description('follow a batch until every unit has ended or waits for a decision')
    .argument('<id>', ID)
    .addHelpText(
      'after',
      `
A live screen on a terminal, else a line whenever the counts change. Ctrl-C ends the watching, not the batch.
Exit status 0: every unit passed; 1: not every unit did.

Example:
  certline batch watch PO-1001 && echo "ship it"`,
    )
    .action(async (id: string, _options: object, command: Command) => {
      const { followGivenBatch } = await import('./follow-batch.ts');
      await followGivenBatch(stateFolderOf(command), id);
    });
}

function addRerun(batch: Command): void {
  batch
    .command('rerun')
    .description('units that wait for a decision try again: all of them, or those that are named')
    .argument('<id>', ID)
    .option('--code <code...>', 'only units that wait with one of these failure codes', collectCodes)
    .option('--serial <serial...>', 'only these units', collectSerials)
    .addHelpText(
      'after',
      `
A unit tries again with a new key; when its board was proven already, it is only registered again.

Examples:
  certline batch rerun PO-1001
  certline batch rerun PO-1001 --code BOARD_GONE SMP_TIMEOUT
  certline batch rerun PO-1001 --serial CL-000017 && certline batch watch PO-1001`,
    )
    .action(async (id: string, options: RerunOptions, command: Command) => {
      const { rerunBatch } = await import('./rerun-batch.ts');
      await rerunBatch(stateFolderOf(command), id, options);
    });
}

function addCancel(batch: Command): void {
  batch
    .command('cancel')
    .description('end a batch: units that passed stay so, all others end on hold, without a live certificate')
    .argument('<id>', ID)
    .option('--yes', 'without asking')
    .addHelpText('after', '\nExample:\n  certline batch cancel PO-1001 --yes')
    .action(async (id: string, options: { yes?: boolean }, command: Command) => {
      const { cancelBatch } = await import('./cancel-batch.ts');
      await cancelBatch(stateFolderOf(command), id, options);
    });
}

function collectCodes(text: string, earlier: FailureCode[] = []): FailureCode[] {
  if (isFailureCode(text)) return [...earlier, text];
  throw new InvalidArgumentError(`It is no failure code.${didYouMean(text, Object.keys(FAILURES))}`);
}

function collectSerials(text: string, earlier: string[] = []): string[] {
  return [...earlier, text.toUpperCase()];
}
