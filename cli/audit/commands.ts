import { command, group } from '../command.ts';
import { DECISION_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands of the security engineer about the signer's audit log. */
export const auditCommands = group(
  'audit',
  {
    says: "verify, export and reconcile the signer's audit log",
    examples: ['certline audit verify', 'certline audit reconcile'],
  },
  [
    command('verify', {
      says: 'check that the log is an unbroken chain and contains the entry of its witnessed checkpoint',
      args: { '[folder]': 'folder of an exported log; default: the ledger of this state folder' },
      options: {
        '--checkpoint <file>': 'check against this checkpoint; default: the newest one here or in the folder',
        '--key <file>':
          'public audit key that you trust; default: the one stored here, or that in the folder, which you must compare yourself',
        ...JSON_OPTION,
      },
      notes: 'Exit status 0: the log is intact; 33: it is not.',
      examples: ['certline audit verify', 'certline audit verify lot-0007-audit --key audit.pub'],
      load: () => import('./verify-audit.ts'),
      run: async ({ verifyAudit }, { folder, options, invocation }) =>
        await verifyAudit(await invocation(), folder, options),
    }),
    command('export', {
      says: 'write the log, a checkpoint of it and the public audit key into a folder',
      args: { '<folder>': 'folder to write into; created if missing' },
      options: JSON_OPTION,
      examples: ['certline audit export lot-0007-audit'],
      load: () => import('./export-audit.ts'),
      run: async ({ exportAudit }, { folder, options, invocation }) =>
        await exportAudit(await invocation(), folder, options),
    }),
    command('reconcile', {
      says: 'compare signatures, ledger, audit log, registry and manifests, and list every difference',
      options: {
        '--registry <file>':
          'signed file of "registry export" on another host; default: the registry of this state folder',
        ...JSON_OPTION,
      },
      notes: 'Exit status 0: no difference; 33: at least one, or the file of the registry is not whole.',
      examples: ['certline audit reconcile', 'certline audit reconcile --registry registry.jsonl'],
      load: () => import('./reconcile-records.ts'),
      run: async ({ reconcileRecords }, { options, invocation }) =>
        await reconcileRecords(await invocation(), options),
    }),
    command('accept-clock', {
      says: 'let the signer trust its clock again, although its records have later times',
      options: {
        '--reason <text>': { says: 'reason, for the audit log', required: true },
        '--by <name>': DECISION_OPTIONS['--by <name>'],
        ...JSON_OPTION,
      },
      notes: `
For a clock that was ahead, signed something, and was corrected: until the wrong time has passed, the signer refuses
with CLOCK_WRONG. Set the clock first. Certificates that were signed then begin in the future: revoke them.`,
      examples: ['certline audit accept-clock --reason "the clock was a year ahead" --by "A. Smith"'],
      load: () => import('./accept-clock.ts'),
      run: async ({ acceptClock }, { options, invocation }) => await acceptClock(await invocation(), options),
    }),
    command('checkpoint', {
      says: 'sign the current end of the log, witness it, and print the signed note',
      options: {
        '--accept-loss':
          'accept a ledger that does not match its witness, for example after a restore; the log keeps a permanent record of this',
      },
      examples: ['certline audit checkpoint > /media/head-office/checkpoint.txt'],
      load: () => import('./make-checkpoint.ts'),
      run: async ({ makeCheckpointNow }, { options, invocation }) =>
        await makeCheckpointNow(await invocation(), options),
    }),
  ],
);
