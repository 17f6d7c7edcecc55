import { Option } from 'commander';
import type { Command } from 'commander';
import { REVOCATION_REASONS } from '../../pki/x509/revocation-reason.ts';
import { invocationOf, stateFolderOf } from '../invocation.ts';
import type { LintFileOptions } from './lint-file.ts';
import type { ShowCertificateOptions } from './show-certificate.ts';
import type { WithdrawOptions } from './withdraw-certificate.ts';

const WHICH = 'unit serial, or serial number or SHA-256 of a certificate';

/** What can be undone again. */
const HOLDS = {
  hold: 'withdraw a certificate for the time being',
  release: 'end a hold: the certificate counts again',
} as const;

/** Commands about single certificates, at the signer. */
export function addCertCommands(program: Command): void {
  const cert = addReadingCommands(program);
  cert
    .command('revoke')
    .description('withdraw a certificate for good')
    .argument('<which>', WHICH)
    .addOption(
      new Option('--reason <reason>', 'why, as in RFC 5280')
        .choices(REVOCATION_REASONS)
        .makeOptionMandatory(),
    )
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', '\nExample:\n  certline cert revoke CL-000017 --reason keyCompromise')
    .action(async (which: string, options: WithdrawOptions, command: Command) => {
      const { withdrawCertificate } = await import('./withdraw-certificate.ts');
      await withdrawCertificate(invocationOf(command), 'revoke', which, options);
    });
  for (const [withdrawal, description] of Object.entries(HOLDS)) {
    cert
      .command(withdrawal)
      .description(description)
      .argument('<which>', WHICH)
      .option('--json', 'one JSON document instead of text')
      .addHelpText('after', `\nExample:\n  certline cert ${withdrawal} CL-000017`)
      .action(async (which: string, options: WithdrawOptions, command: Command) => {
        const { withdrawCertificate } = await import('./withdraw-certificate.ts');
        await withdrawCertificate(invocationOf(command), withdrawal as keyof typeof HOLDS, which, options);
      });
  }
}

function addReadingCommands(program: Command): Command {
  const cert = program
    .command('cert')
    .description('judge, see and withdraw single certificates')
    .addHelpText('after', '\nExamples:\n  certline cert lint crt.der\n  certline cert show CL-000017');
  cert
    .command('lint')
    .description('judge certificates by the device profile: every rule that is broken, with its code')
    .argument('<file>', 'one certificate in DER, or any number in PEM')
    .option('--issuer <file>', 'certificate of the CA that must have signed; else the one of this line')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText(
      'after',
      `
Exit status 0: no rule is broken; 9: one is; 5: there is no such file.

Examples:
  certline cert lint crt.der
  certline cert lint crt.pem --issuer factory-ica.pem --json | jq '.certificates[].findings[].code'`,
    )
    .action(async (file: string, options: LintFileOptions, command: Command) => {
      const { lintFile } = await import('./lint-file.ts');
      await lintFile(stateFolderOf(command), file, options);
    });
  cert
    .command('show')
    .description('what a certificate says, and what the ledger knows of it')
    .argument('<which>', `file, ${WHICH}`)
    .option('--pem', 'only the certificate, in PEM')
    .option('--json', 'one JSON document instead of text')
    .addHelpText(
      'after',
      `
Examples:
  certline cert show CL-000017
  certline cert show crt.der --json | jq -r '.[].ledger.state'`,
    )
    .action(async (which: string, options: ShowCertificateOptions, command: Command) => {
      const { showCertificate } = await import('./show-certificate.ts');
      await showCertificate(invocationOf(command), which, options);
    });
  return cert;
}
