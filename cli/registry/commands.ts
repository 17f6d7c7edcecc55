import { command, group } from '../command.ts';
import { REASONED_OPTIONS, SIGNED_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands at the host of the registry, for a line that uses several hosts. */
export const registryCommands = group(
  'registry',
  {
    says: 'exchange records between the registry and other hosts; show, retry or give up what device registries do not have',
    examples: ['certline registry apply-crl factory-ica.crl.pem'],
  },
  [
    command('status', {
      says: 'show what each device registry does not have yet, since when and why, and what is parked',
      options: { ...JSON_OPTION },
      examples: ['certline registry status', 'certline registry status --json | jq .parked'],
      load: () => import('./outbox-status.ts'),
      run: async ({ showOutbox }, { options, invocation }) => await showOutbox(await invocation(), options),
    }),
    command('retry', {
      says: 'try again at once what is parked, paused or due later: all of it, or that of one device registry or unit',
      options: {
        '--registry <name>': 'only at this device registry; default: all',
        '--serial <serial>': 'only for this unit; default: all',
        ...JSON_OPTION,
      },
      examples: ['certline registry retry', 'certline registry retry --registry erp --serial CL-000017'],
      load: () => import('./open-entries.ts'),
      run: async ({ retryEntries }, { options, invocation }) =>
        await retryEntries(await invocation(), options),
    }),
    command('abandon', {
      says: 'give up what is not done of a unit, or of a device registry, for the record: no batch waits for it any more',
      args: { '[serial]': 'serial of the unit; default: all units, at the device registry that is named' },
      options: {
        '--registry <name>': 'only at this device registry; default: all',
        ...REASONED_OPTIONS,
        '--yes': 'do not ask for confirmation',
        ...JSON_OPTION,
      },
      notes: `
The next device registry of the product then has its turn. Without a serial, all of a device registry is given up: one that
is in the configuration no more, for example. Withdrawals of revoked certificates are given up too.`,
      examples: [
        'certline registry abandon CL-000017 --reason "the board is scrap"',
        'certline registry abandon --registry erp --reason "the ERP is gone"',
      ],
      load: () => import('./open-entries.ts'),
      run: async ({ abandonEntries }, { serial, options, invocation }) =>
        await abandonEntries(await invocation(), serial, options),
    }),
    command('export', {
      says: 'write what the registry says of batches, units and certificates into a signed file, for "audit reconcile"',
      args: { '<file>': 'file to write; it must not be there' },
      options: JSON_OPTION,
      examples: ['certline registry export registry.jsonl'],
      load: () => import('./export-registry.ts'),
      run: async ({ exportRegistry }, { file, options, invocation }) =>
        await exportRegistry(await invocation(), file, options),
    }),
    command('accept-loss', {
      says: 'register certificates again from a signer whose audit log contradicted what the registry had seen',
      args: { '<log>': 'name of the audit log, as "certline doctor" shows it' },
      options: { ...SIGNED_OPTIONS, ...JSON_OPTION },
      notes: `
The registry refuses everything from a signer that works on an old or copied ledger (LEDGER_STALE). Restore the newest copy
of the ledger first. Only if that copy is permanently lost: "certline audit checkpoint --accept-loss" at the signer, then
this, then "certline audit reconcile", which names certificates that the ledger does not know.`,
      examples: [
        'certline registry accept-loss certline-audit-0123456789abcdef --reason "disk lost, newest backup restored" --by "A. Smith"',
      ],
      load: () => import('./accept-loss.ts'),
      run: async ({ acceptLoss }, { log, options, invocation }) =>
        await acceptLoss(await invocation(), log, options),
    }),
    command('apply-crl', {
      says: "revoke in the registry what the signer's revocation list contains; may be repeated",
      args: { '<file>': 'revocation list in PEM or DER, from "certline ca export crl" at the signer' },
      options: {
        '--issuer <file>': 'certificate of the CA that signed the list; default: the CAs of this line',
        ...JSON_OPTION,
      },
      notes: `
Needed only if signer and registry are on different hosts: on one host it happens automatically.

Exit status 0: applied; 6: the list is refused because of its signature, its time, or a newer one that was applied
before; 5: there is no such file, or no registry.`,
      examples: [
        'certline registry apply-crl factory-ica.crl.pem',
        'certline registry apply-crl factory-ica.crl.pem --issuer factory-ica.pem --json | jq .ended',
      ],
      load: () => import('./apply-crl-file.ts'),
      run: async ({ applyCrlFile }, { file, options, invocation }) =>
        await applyCrlFile(await invocation(), file, options),
    }),
  ],
);
