import { REWORK_KINDS } from '../../provisioning/rework.ts';
import { command, group } from '../command.ts';
import { REASONED_OPTIONS, SIGNED_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands about units that passed and are changed. */
export const reworkCommands = group(
  'rework',
  {
    says: 'change units that passed: renew, re-key, move to another board, scrap',
    notes: `
renew   a new certificate for the key that is on the board
rekey   the board is wiped and gets a new key and certificate, such as a board that was returned
swap    a blank board takes the place of the unit's board
scrap   the certificate is revoked, and the board wiped if it is in a socket; the unit never ships

Each unit uses one of the reissues of its order.`,
    examples: [
      'certline rework create --serials returned.txt --kind rekey --reason "RMA 4711" --by "A. Example"',
    ],
  },
  [
    command('create', {
      says: 'start a rework; nothing is touched before registry and signer allow all of it',
      options: {
        '--serials <file>': { says: 'file with one serial in each text line, at most 250', required: true },
        '--kind <kind>': { says: 'what is done', choices: REWORK_KINDS, required: true },
        ...REASONED_OPTIONS,
        '--order <id>': 'order whose reissues are used; default: the order of each unit',
        ...JSON_OPTION,
      },
      examples: [
        'certline rework create --serials expiring.txt --kind renew --reason "expires in May"',
        'certline rework create --serials broken.txt --kind swap --reason "antenna" --order PO-1001-R',
      ],
      readsState: true,
      load: () => import('./create-rework.ts'),
      run: async ({ createRework }, { options, stateFolder }) => await createRework(stateFolder, options),
    }),
    command('list', {
      says: 'list all reworks, the newest first',
      options: JSON_OPTION,
      examples: ['certline rework list'],
      readsState: true,
      load: () => import('./list-reworks.ts'),
      run: async ({ listReworks }, { options, invocation }) => await listReworks(await invocation(), options),
    }),
    command('show', {
      says: 'show a rework and each of its units, and what to type for those that wait',
      args: { '<id>': 'id of the rework, or its beginning' },
      options: JSON_OPTION,
      examples: ['certline rework show RW-20260601-1a2b3c'],
      readsState: true,
      load: () => import('./show-rework.ts'),
      run: async ({ showRework }, { id, options, invocation }) =>
        await showRework(await invocation(), id, options),
    }),
    command('recover', {
      says: 'close a rework that was terminated in Temporal, and write the results of its batches again',
      args: { '<id>': 'id of the rework, or its beginning' },
      options: { ...SIGNED_OPTIONS, '--yes': 'do not ask for confirmation', ...JSON_OPTION },
      notes: `
Units that have not ended keep the certificates that they had. Where the board may have been wiped (rekey, scrap) they end
as ERROR, and their certificates are revoked.`,
      examples: ['certline rework recover RW-20260601-1a2b3c --reason "was terminated" --by "A. Berg"'],
      readsState: true,
      load: () => import('./recover-rework.ts'),
      run: async ({ recoverRework }, { id, options, invocation }) =>
        await recoverRework(await invocation(), id, options),
    }),
  ],
);
