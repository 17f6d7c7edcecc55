import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands for AWS IoT Core that need no credentials of AWS. */
export const awsCommands = group(
  'aws',
  {
    says: 'prepare what AWS IoT Core is given by hand',
    examples: ['certline cloud aws bulk PO-1001 lot7.ndjson'],
  },
  [
    command('bulk', {
      says: 'write a file for the bulk registration of AWS IoT: the certificates in use of a batch',
      args: {
        '<id>': 'batch id, or the beginning of one that no other batch has',
        '<file>': 'file to write; it must not be there',
      },
      options: JSON_OPTION,
      notes: `
Each text line has the template parameters ThingName, SerialNumber, CertificatePem and CACertificatePem of one unit. Nothing is
sent: this host needs no access to AWS. docs/clouds.md has the template, and the commands for the host that has access.`,
      examples: ['certline cloud aws bulk PO-1001 lot7.ndjson'],
      readsState: true,
      load: () => import('./write-aws-bulk-file.ts'),
      run: async ({ writeAwsBulkFile }, { id, file, options, invocation }) =>
        await writeAwsBulkFile(await invocation(), id, file, options),
    }),
  ],
);
