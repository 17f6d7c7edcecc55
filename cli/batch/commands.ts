import { MESSAGES, WINDOW_MAX } from '../../provisioning/messages.ts';
import { command, group } from '../command.ts';
import type { Entry } from '../command.ts';
import { DECISION_OPTIONS, SIGNED_OPTIONS } from '../decision-options.ts';
import { CommandError } from '../exit-status.ts';
import { JSON_OPTION, failureCode, priority as priorityNumber, wholeNumber } from '../option-values.ts';

const BATCH = { '<id>': 'id of the batch, or enough of its beginning to be unique' } as const;

/** Of what cannot be undone. */
const ENDED_BATCH = {
  '<id>': 'id of the batch; with --yes the whole id, else its beginning is enough',
} as const;

/** Commands about batches. list and show read the registry, the others talk to the running line. */
export const batchCommands = group(
  'batch',
  {
    says: 'show batches, and control those that are running',
    examples: [
      'certline batch list',
      'certline batch show PO-1001',
      'certline batch rerun PO-1001 --code SMP_TIMEOUT',
    ],
  },
  [
    command('list', {
      says: 'list all batches, the newest first; works without a running line',
      options: JSON_OPTION,
      examples: ["certline batch list --json | jq -r '.batches[] | select(.attention > 0).batchId'"],
      readsState: true,
      load: () => import('./list-batches.ts'),
      run: async ({ listBatches }, { options, invocation }) => await listBatches(await invocation(), options),
    }),
    command('show', {
      says: 'show one batch: counts, units that wait for a decision, path of its result; works without a running line',
      args: BATCH,
      options: { '--units': 'list every unit; default: only those that wait', ...JSON_OPTION },
      examples: ['certline batch show PO-1001', 'certline batch show PO-1001 --units --json'],
      readsState: true,
      load: () => import('./describe-batch.ts'),
      run: async ({ describeBatch }, { id, options, invocation }) =>
        await describeBatch(await invocation(), id, options),
    }),
    command('result', {
      says: 'write the result of a batch again, as it is now',
      args: BATCH,
      options: {
        '--output <file>':
          'write a copy to this file; default: beside the manifest, in the drop folder or its archive',
        ...JSON_OPTION,
      },
      notes: `
A CSV row for each unit. The version in it rises with each writing beside the manifest; a copy has the version of the
last one, 0 without one. It may be written while the batch is open.`,
      examples: ['certline batch result PO-1001', 'certline batch result PO-1001 --output lot7.csv'],
      readsState: true,
      load: () => import('./write-result.ts'),
      run: async ({ writeResult }, { id, options, invocation }) =>
        await writeResult(await invocation(), id, options),
    }),
    command('report', {
      says: 'write the report of a batch: yield, failures, step times and every unit, as one HTML page',
      args: BATCH,
      options: {
        '--output <file>': 'file to write; default: <batch>.report.html in the working folder',
        ...JSON_OPTION,
      },
      examples: ['certline batch report PO-1001 --output lot7.report.html'],
      readsState: true,
      load: () => import('./report-batch.ts'),
      run: async ({ reportBatch }, { id, options, invocation }) =>
        await reportBatch(await invocation(), id, options),
    }),
    command('export', {
      says: 'write the certificates of all units that passed into a folder: one PEM file, and a list in CSV',
      args: BATCH,
      options: {
        '--certificates <folder>': { says: 'folder; created if missing', required: true },
        ...JSON_OPTION,
      },
      examples: ['certline batch export PO-1001 --certificates lot7-certificates'],
      readsState: true,
      load: () => import('./export-certificates.ts'),
      run: async ({ exportCertificates }, { id, options, invocation }) =>
        await exportCertificates(await invocation(), id, options),
    }),
    command('watch', {
      says: 'follow a batch until every unit has ended or waits for a decision',
      args: BATCH,
      options: { '--json': 'print only the end, as one JSON document' },
      notes: `
On a terminal it draws a live screen, elsewhere it prints one row whenever the counts change. Ctrl-C ends only the
watching; the batch continues.
Exit status 0: every unit passed; 1: at least one did not.`,
      examples: ['certline batch watch PO-1001 && echo "ship it"'],
      readsState: true,
      load: () => import('./follow-batch.ts'),
      run: async ({ followGivenBatch }, { id, options, invocation }) =>
        await followGivenBatch(await invocation(), id, options),
    }),
    command('rerun', {
      says: 'try again with the units that wait for a decision: all of them, or those that you name',
      args: BATCH,
      options: {
        '--code <code...>': {
          says: 'only units that failed with one of these failure codes; default: any code',
          parse: failureCode,
        },
        '--serial <serial...>': {
          says: 'only these units, in upper or lower case; default: all that wait',
          parse: (text) => text.toUpperCase(),
        },
        '--ended':
          'run units again that ended without a pass, in a supplement of the batch; default: units that wait try again',
        '--scrapped': 'with --ended: also units that were scrapped, which is otherwise permanent',
        ...DECISION_OPTIONS,
        ...JSON_OPTION,
      },
      notes: `
A unit tries again with a new key. If its board was already verified, it is only registered again. --ended needs a
--reason, and works for a batch that is closed, was cancelled or was recovered.`,
      examples: [
        'certline batch rerun PO-1001',
        'certline batch rerun PO-1001 --ended --code CANCELLED --reason "the order is extended"',
        'certline batch rerun PO-1001 --code BOARD_GONE SMP_TIMEOUT',
        'certline batch rerun PO-1001 --serial CL-000017 && certline batch watch PO-1001',
      ],
      readsState: true,
      load: async () => ({ ...(await import('./rerun-batch.ts')), ...(await import('./rerun-ended.ts')) }),
      run: async ({ rerunBatch, rerunEnded }, { id, options, invocation }) => {
        const { ended, scrapped, reason, ...chosen } = options;
        if (ended === true && reason !== undefined)
          await rerunEnded(await invocation(), id, { ...chosen, reason, ...(scrapped && { scrapped }) });
        else if (ended === true || scrapped === true)
          throw new CommandError('usage', '--ended needs --reason "why", and --scrapped needs --ended.');
        else await rerunBatch(await invocation(), id, { ...chosen, ...(reason !== undefined && { reason }) });
      },
    }),
    command('recover', {
      says: 'continue or close a batch that was terminated or has failed in Temporal, and settle its certificates',
      args: ENDED_BATCH,
      options: {
        ...SIGNED_OPTIONS,
        '--yes': 'do not ask for confirmation',
        ...JSON_OPTION,
      },
      notes: `
If chunks or units are under way, the batch continues. Otherwise it is closed: units that have not ended end as
HOLD, or as ERROR if they have a certificate. In a batch that is closed, it activates the certificates of
units that passed, revokes those of units that did not, and writes the result file again.`,
      examples: ['certline batch recover PO-1001 --reason "chunk 1 was terminated" --by "A. Berg"'],
      load: () => import('./recover-batch.ts'),
      run: async ({ recoverBatch }, { id, options, invocation }) =>
        await recoverBatch(await invocation(), id, options),
    }),
    command('withdraw', {
      says: 'undo a wrong import: end its open units, and free serials and boards that were never begun',
      args: ENDED_BATCH,
      options: { ...SIGNED_OPTIONS, '--yes': 'do not ask for confirmation', ...JSON_OPTION },
      notes: `
What was begun stays recorded. The units that were never begun are given back to their order, and the corrected
manifest can be submitted with the same serials.`,
      examples: ['certline batch withdraw PO-1001 --reason "wrong column" --by "A. Berg"'],
      readsState: true,
      load: () => import('./withdraw-batch.ts'),
      run: async ({ withdrawBatch }, { id, options, invocation }) =>
        await withdrawBatch(await invocation(), id, options),
    }),
    command('close', {
      says: 'close a batch short or over: units that have not begun or wait end as HOLD, units under way finish normally',
      args: ENDED_BATCH,
      options: {
        '--short': 'units are left out',
        '--over': 'more boards were made than the batch has units, because units were reworked',
        ...SIGNED_OPTIONS,
        '--yes': 'do not ask for confirmation',
        ...JSON_OPTION,
      },
      notes: `
Say either --short or --over. A batch that has ended already gets the decision on its record.`,
      examples: ['certline batch close PO-1001 --short --reason "23 boards delivered" --by "A. Berg"'],
      readsState: true,
      load: () => import('./close-batch.ts'),
      run: async ({ closeBatch }, { id, options, invocation }) =>
        await closeBatch(await invocation(), id, options),
    }),
    pace(
      'pause',
      'start no further unit; units under way finish normally',
      'the soldering iron is out of order',
    ),
    pace('resume', 'start units again after a pause', 'repaired'),
    command('window', {
      says: 'set how many units of a batch are under way at once',
      args: {
        ...BATCH,
        '<units>': {
          says: `units, from 1 to ${WINDOW_MAX}; twice the sockets is a good number`,
          parse: wholeNumber(1),
        },
      },
      options: { ...DECISION_OPTIONS, ...JSON_OPTION },
      examples: ['certline batch window PO-1001 8 --reason "station 2 is away"'],
      readsState: true,
      load: () => import('./pace-batch.ts'),
      run: async ({ paceBatch }, { id, units, options, invocation }) =>
        await paceBatch(await invocation(), id, MESSAGES.setWindow, { ...options, units }),
    }),
    command('priority', {
      says: 'set the priority of a batch for units that start from now on',
      args: {
        ...BATCH,
        '<number>': { says: 'from 1 (first) to 5 (last); without one, a batch has 3', parse: priorityNumber },
      },
      options: { ...DECISION_OPTIONS, ...JSON_OPTION },
      notes: `
Units that wait for a board already keep their priority: as many as are under way at once.`,
      examples: ['certline batch priority PO-1001 1 --reason "the customer waits"'],
      readsState: true,
      load: () => import('./pace-batch.ts'),
      run: async ({ paceBatch }, { id, number: priority, options, invocation }) =>
        await paceBatch(await invocation(), id, MESSAGES.setPriority, { ...options, priority }),
    }),
    command('cancel', {
      says: 'end a batch: units that passed stay so; all others end as HOLD; serials that were never begun are free',
      args: ENDED_BATCH,
      options: { '--yes': 'do not ask for confirmation', ...DECISION_OPTIONS, ...JSON_OPTION },
      examples: ['certline batch cancel PO-1001 --reason "wrong firmware"'],
      readsState: true,
      load: () => import('./cancel-batch.ts'),
      run: async ({ cancelBatch }, { id, options, invocation }) =>
        await cancelBatch(await invocation(), id, options),
    }),
  ],
);

function pace(verdict: 'pause' | 'resume', says: string, reason: string): Entry {
  return command(verdict, {
    says,
    args: BATCH,
    options: { ...DECISION_OPTIONS, ...JSON_OPTION },
    examples: [`certline batch ${verdict} PO-1001 --reason "${reason}"`],
    readsState: true,
    load: () => import('./pace-batch.ts'),
    run: async ({ paceBatch }, { id, options, invocation }) =>
      await paceBatch(await invocation(), id, verdict, options),
  });
}
