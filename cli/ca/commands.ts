import type { Command } from 'commander';
import { Argument } from 'commander';
import type { Export } from './export-ca.ts';
import type { ImportCaOptions } from './import-ca.ts';
import type { InitCaOptions } from './init-ca.ts';
import { guardKeys } from '../line/guard-keys.ts';
import { invocationOf, stateFolderOf } from '../invocation.ts';

/** What can be exported, and who wants it. */
const EXPORTS: Record<Export, string> = {
  ica: 'the factory CA, which AWS IoT, Azure DPS and Golioth register',
  chain: 'the factory CA and all above it, which servers verify against',
  root: 'the root alone',
  crl: 'the newest revocation list',
};

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
    .option(
      '--root-folder <folder>',
      "for the root's key: a stick that is taken away; else beside the factory CA",
    )
    .addHelpText(
      'after',
      `
Both keys lie, encrypted, in one folder: right for development and rehearsal. A production root belongs elsewhere.

Examples:
  certline ca init --name "Acme Devices"
  (umask 077; openssl rand -base64 32 > ca.passphrase)
  certline ca init --name "Acme Devices" --passphrase-file ca.passphrase
  certline ca init --name "Acme Devices" --root-folder /media/root-key`,
    )
    .action(async (options: InitCaOptions, command: Command) => {
      guardKeys();
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
  ca.command('csr')
    .description(
      'print a request, so that another root can certify the factory CA (key on the token, else in a file)',
    )
    .requiredOption('--name <name>', 'the organisation in its name')
    .addHelpText('after', '\nExample:\n  certline ca csr --name "Acme Devices" > factory-ca.csr.pem')
    .action(async (options: { name: string }, command: Command) => {
      guardKeys();
      const { requestCa } = await import('./request-ca.ts');
      await requestCa(invocationOf(command), options);
    });
  ca.command('import')
    .description(
      'make the CA of this line of certificates and the key on the token, of "ca csr", or of a file',
    )
    .argument('<file>', 'certificate of the factory CA and all above it, PEM, in any order')
    .option('--key <file>', 'its key, an encrypted PKCS#8 file')
    .option('--key-passphrase-file <file>', 'passphrase of that file; else the configured one')
    .addHelpText('after', '\nExample:\n  certline ca import factory-ca-chain.pem')
    .action(async (file: string, options: ImportCaOptions, command: Command) => {
      guardKeys();
      const { importCa } = await import('./import-ca.ts');
      await importCa(invocationOf(command), file, options);
    });
  ca.command('export')
    .description('print public files in PEM, for clouds and servers')
    .addArgument(new Argument('[what]', describeExports()).choices(Object.keys(EXPORTS)).default('ica'))
    .addHelpText('after', '\nExample:\n  certline ca export > factory-ica.pem')
    .action(async (what: string, _options: object, command: Command) => {
      const { exportCa } = await import('./export-ca.ts');
      exportCa(stateFolderOf(command), what as Export);
    });
  ca.command('prove')
    .description('print a certificate that shows a cloud (AWS, Azure) that the CA key is ours')
    .argument('<code>', 'registration or verification code that the cloud shows')
    .addHelpText('after', '\nExample:\n  certline ca prove 3c1f0a6b9d2e4f70 > proof.pem')
    .action(async (code: string, _options: object, command: Command) => {
      guardKeys();
      const { proveCa } = await import('./prove-ca.ts');
      await proveCa(invocationOf(command), code);
    });
  ca.command('crl')
    .description('make the next revocation list now; a running signer makes one weekly and after revocations')
    .option('--json', 'one JSON document instead of text')
    .addHelpText('after', '\nExample:\n  certline ca crl')
    .action(async (options: { json?: boolean }, command: Command) => {
      guardKeys();
      const { makeCrl } = await import('./make-crl.ts');
      await makeCrl(invocationOf(command), options);
    });
}

function describeExports(): string {
  return Object.entries(EXPORTS)
    .map(([name, what]) => `${name}: ${what}`)
    .join('; ');
}
