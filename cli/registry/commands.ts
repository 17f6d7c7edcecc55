import type { Command } from 'commander';
import type { ApplyCrlOptions } from './apply-crl-file.ts';
import { invocationOf } from '../invocation.ts';

/** Commands where the registry is, on a line that is spread over hosts. */
export function addRegistryCommands(program: Command): void {
  const registry = program
    .command('registry')
    .description('let the registry know what happened elsewhere')
    .addHelpText('after', '\nExample:\n  certline registry apply-crl factory-ica.crl.pem');
  registry
    .command('apply-crl')
    .description("revoke in the registry what the signer's revocation list says; it may be repeated")
    .argument('<file>', 'revocation list, PEM or DER: of "certline ca export crl" at the signer')
    .option('--issuer <file>', 'certificate of the CA that signed it; else the ones of this line')
    .option('--json', 'one JSON document instead of text')
    .addHelpText(
      'after',
      `
Only where signer and registry are on different hosts: on one host it happens by itself.

Exit status 0: applied; 6: the list is refused: its signature, its time, or a newer one was applied before; 5: there is
no such file, or no registry.

Examples:
  certline registry apply-crl factory-ica.crl.pem
  certline registry apply-crl factory-ica.crl.pem --issuer factory-ica.pem --json | jq .ended`,
    )
    .action(async (file: string, options: ApplyCrlOptions, command: Command) => {
      const { applyCrlFile } = await import('./apply-crl-file.ts');
      await applyCrlFile(invocationOf(command), file, options);
    });
}
