import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands at the host of the registry, for a line that uses several hosts. */
export const registryCommands = group(
  'registry',
  {
    says: 'tell the registry what happened on other hosts, and other hosts what the registry says',
    examples: ['certline registry apply-crl factory-ica.crl.pem'],
  },
  [
    command('export', {
      says: 'write what the registry says of batches, units and certificates into a signed file, for "audit reconcile"',
      args: { '<file>': 'file to write; it must not be there' },
      examples: ['certline registry export registry.jsonl'],
      load: () => import('./export-registry.ts'),
      run: async ({ exportRegistry }, { file, stateFolder }) => await exportRegistry(stateFolder, file),
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
