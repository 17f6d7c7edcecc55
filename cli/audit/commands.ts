import type { Command } from 'commander';
import { invocationOf } from '../invocation.ts';
import type { VerifyAuditOptions } from './verify-audit.ts';

/** Commands of the security engineer about the signer's audit log. */
export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description("judge, export and reconcile the signer's audit log")
    .addHelpText('after', '\nExamples:\n  certline audit verify\n  certline audit reconcile');
  audit
    .command('verify')
    .description('is every entry the next of its chain, and does the log reach its witnessed checkpoint?')
    .argument('[folder]', 'an export to judge, instead of the ledger here')
    .option('--checkpoint <file>', 'a checkpoint that was kept elsewhere, instead of the newest')
    .option('--key <file>', 'the public audit key as you know it, instead of the one that lies there')
    .option('--json', 'one JSON document instead of text')
    .addHelpText(
      'after',
      `
Exit status 0: the log is whole; 33: it is not.

Examples:
  certline audit verify
  certline audit verify lot-0007-audit --key audit.pub`,
    )
    .action(async (folder: string | undefined, options: VerifyAuditOptions, command: Command) => {
      const { verifyAudit } = await import('./verify-audit.ts');
      await verifyAudit(invocationOf(command), folder, options);
    });
  audit
    .command('export')
    .description('write the log, a checkpoint over it and the public audit key into a folder')
    .argument('<folder>', 'made where it is missing')
    .addHelpText('after', '\nExample:\n  certline audit export lot-0007-audit')
    .action(async (folder: string, _options: object, command: Command) => {
      const { exportAudit } = await import('./export-audit.ts');
      await exportAudit(invocationOf(command), folder);
    });
  audit
    .command('reconcile')
    .description('compare signatures, ledger, audit log, registry and manifests, and name each difference')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText('after', '\nExit status 0: no difference; 33: some.\n\nExample:\n  certline audit reconcile')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { reconcileRecords } = await import('./reconcile-records.ts');
      await reconcileRecords(invocationOf(command), options);
    });
  audit
    .command('checkpoint')
    .description('sign where the log stands now, witness it, and print the note')
    .option(
      '--accept-loss',
      'let the ledger go on although its witness saw another; that is on record for ever',
    )
    .addHelpText('after', '\nExample:\n  certline audit checkpoint > /media/head-office/checkpoint.txt')
    .action(async (options: { acceptLoss?: boolean }, command: Command) => {
      const { makeCheckpointNow } = await import('./make-checkpoint.ts');
      await makeCheckpointNow(invocationOf(command), options);
    });
}
