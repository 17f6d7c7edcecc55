import type { Command } from 'commander';
import type { InitCaOptions } from './init-ca.ts';
import { invocationOf, stateFolderOf } from './invocation.ts';

/** Commands about the CA that signs device certificates. */
export function addCaCommands(program: Command): void {
  const ca = program
    .command('ca')
    .description('make and see the CA that signs device certificates')
    .addHelpText('after', '\nExamples:\n  certline ca init --name "Acme Devices"\n  certline ca show');
  ca.command('init')
    .description('make a development root and a factory CA under it; never overwrites one')
    .option('--name <name>', 'the organisation in the names of both', 'Certline Development')
    .option(
      '--passphrase-file <file>',
      'passphrase of their keys, a file of mode 600; else as configured, else a random one',
    )
    .addHelpText(
      'after',
      `
Both keys lie, encrypted, in one folder: right for development and rehearsal. A production root belongs elsewhere.

Examples:
  certline ca init --name "Acme Devices"
  (umask 077; openssl rand -base64 32 > ca.passphrase)
  certline ca init --name "Acme Devices" --passphrase-file ca.passphrase`,
    )
    .action(async (options: InitCaOptions, command: Command) => {
      const { initCa } = await import('./init-ca.ts');
      await initCa(invocationOf(command), options);
    });
  ca.command('show')
    .description('subjects, serial numbers, validity and fingerprints; needs no passphrase')
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', "\nExample:\n  certline ca show --json | jq -r '.certificates[].sha256'")
    .action(async (options: { json?: boolean }, command: Command) => {
      const { showCa } = await import('./show-ca.ts');
      await showCa(stateFolderOf(command), options);
    });
  ca.command('crl')
    .description('make the next revocation list now; a running signer makes one weekly and after revocations')
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', '\nExample:\n  certline ca crl')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { makeCrl } = await import('./make-crl.ts');
      await makeCrl(invocationOf(command), options);
    });
}
