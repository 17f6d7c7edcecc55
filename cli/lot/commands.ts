import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands about the signed record of a lot. */
export const lotCommands = group(
  'lot',
  {
    says: 'sign the dossier of a lot that is closed, and verify one',
    examples: ['certline lot dossier PO-1001-3f2a9c01', 'certline lot verify PO-1001-3f2a9c01.dossier.json'],
  },
  [
    command('dossier', {
      says: 'at the signer: write all that is known of a lot and its units into a signed file',
      args: { '<id>': 'id of the batch, or enough of its beginning to be unique' },
      options: {
        '--registry <file>':
          'signed file of "registry export" on another host; default: the registry of this state folder',
        '--output <file>': 'file to write; default: <batch>.dossier.json in the working folder',
        ...JSON_OPTION,
      },
      notes:
        'Every certificate must be in the ledger. Exit status 33: the records disagree; 6: the batch is open.',
      examples: ['certline lot dossier PO-1001 --registry registry.jsonl'],
      load: () => import('./sign-dossier.ts'),
      run: async ({ signDossier }, { id, options, invocation }) =>
        await signDossier(await invocation(), id, options),
    }),
    command('verify', {
      says: 'verify the signature and the counts of a dossier; needs no line and no network',
      args: { '<file>': 'file of "lot dossier"' },
      options: {
        '--key <file>':
          'audit.pub of the signer; default: the key in the file, which you must compare yourself',
        ...JSON_OPTION,
      },
      notes: 'Exit status 0: the dossier is whole; 33: it is not.',
      examples: ['certline lot verify PO-1001-3f2a9c01.dossier.json --key audit.pub'],
      load: () => import('./verify-lot.ts'),
      run: ({ verifyLot }, { file, options }) => verifyLot(file, options),
    }),
  ],
);
