import { command, group } from '../command.ts';
import { DECISION_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION, moment, wholeNumber } from '../option-values.ts';

/** Commands about orders: what the OEM allows a line to issue. */
export const orderCommands = group(
  'order',
  {
    says: 'create, sign, show and close orders: what a line may issue',
    notes: `
At the OEM:      certline order key init --name acme-release
                 certline order create PO-1001 --product golioth-node --quantity 500
                 certline order sign PO-1001.order
At the signer:   certline order show PO-1001
                 certline order withdraw PO-1001-3f2a9c01 --reason "not our manifest"
                 certline order close PO-1001`,
  },
  [
    group('key', { says: 'the release key, which signs orders' }, [
      command('init', {
        says: 'create a release key; never overwrites one',
        options: {
          '--name <name>': { says: 'name of the key, written into each signature', default: 'release' },
          '--folder <folder>': 'folder to create for the key; default: inside the state folder',
          '--passphrase-file <file>':
            'file of mode 600 with its passphrase; default: a new random passphrase in the state folder',
          ...JSON_OPTION,
        },
        examples: ['certline order key init --name acme-release --folder /media/oem/release'],
        load: () => import('./init-release-key.ts'),
        run: async ({ initReleaseKey }, { options, invocation }) =>
          initReleaseKey(await invocation(), options),
      }),
    ]),
    command('create', {
      says: 'write an order, ready to be signed',
      args: { '<order>': 'number of the order, as in the manifests' },
      options: {
        '--product <names...>': { says: 'products that may be made', required: true },
        '--quantity <number>': {
          says: 'number of units, in all manifests of this order together; default: the number of serials',
          parse: wholeNumber(1),
        },
        '--reissues <number>': {
          says: 'certificates beyond one per unit, for retries; default: a tenth of the quantity',
          parse: wholeNumber(0),
        },
        '--opens <time>': { says: 'start of validity, ISO 8601; default: now', parse: moment },
        '--closes <time>': {
          says: 'end of validity, ISO 8601; a day alone means its start in UTC; default: 90 days after the start',
          parse: moment,
        },
        '--manifest <file>': 'allow only this manifest; default: any manifest with this order number',
        '--serials <manifest>':
          'allow only the serials in this manifest, and write their list to <order>.serials, which the signer needs too; default: any serials',
        '--profiles': 'allow only the certificate profiles that the products have in the configuration here',
        '--signer <name>': {
          says: "the one signer that may use the order: the name in its audit.pub, or the SHA-256 of its factory CA's certificate; default: any signer",
        },
        '--revision <number>': {
          says: 'revision of the order; a changed order needs a higher one',
          parse: wholeNumber(1),
          default: 1,
        },
        '--out <file>': 'file to write; default: <order>.order',
        ...JSON_OPTION,
      },
      examples: [
        'certline order create PO-1001 --product golioth-node --quantity 500',
        'certline order create PO-1001 --product golioth-node --quantity 600 --revision 2',
        'certline order create PO-1002 --product golioth-node --serials lot-0002.csv --closes 2027-01-31',
      ],
      load: () => import('./create-order.ts'),
      run: async ({ createOrder }, { order, options, invocation }) =>
        await createOrder(invocation, order, options),
    }),
    command('sign', {
      says: 'sign an order file with the release key; signers accept the file then',
      args: { '<file>': 'file of "order create"; if it is signed already, its signature is replaced' },
      options: {
        '--key <folder>': 'folder of the release key; default: the one in the state folder',
        '--passphrase-file <file>': 'file with its passphrase; default: the one in the state folder',
        ...JSON_OPTION,
      },
      examples: ['certline order sign PO-1001.order --key /media/oem/release'],
      load: () => import('./sign-order.ts'),
      run: ({ signOrderFile }, { file, options, stateFolder }) => signOrderFile(stateFolder, file, options),
    }),
    command('show', {
      says: 'verify the signature of an order, and show what it allows and how much of that is used',
      args: { '<order>': 'an order file, or the number of an order that is stored at the signer' },
      options: {
        '--release-keys <file>':
          'file with the public release keys that you trust; default: those of the signer',
        ...JSON_OPTION,
      },
      examples: ['certline order show PO-1001.order --release-keys release.vkey'],
      load: () => import('./show-order.ts'),
      run: async ({ showOrder }, { order, options, invocation }) =>
        await showOrder(await invocation(), order, options),
    }),
    command('withdraw', {
      says: 'at the signer: take back what is left of a released batch; its order has so many more units left',
      args: { '<batch>': 'id of the batch, as "order show" prints it' },
      options: {
        '--reason <text>': { says: 'reason, for the audit log', required: true },
        '--by <name>': DECISION_OPTIONS['--by <name>'],
        ...JSON_OPTION,
      },
      notes: `
Nothing more is released or signed for the batch, not even a retry. Its serials without a certificate are free for
another batch. Certificates that it has stay valid.`,
      examples: ['certline order withdraw PO-1001-3f2a9c01 --reason "not our manifest" --by "A. Smith"'],
      load: () => import('./withdraw-batch.ts'),
      run: async ({ withdrawBatch }, { batch, options, invocation }) =>
        await withdrawBatch(await invocation(), batch, options),
    }),
    command('close', {
      says: 'at the signer: end an order permanently; nothing is released or signed under it afterwards',
      args: { '<order>': 'number of the order' },
      options: JSON_OPTION,
      examples: ['certline order close PO-1001'],
      load: () => import('./close-order.ts'),
      run: async ({ closeOrder }, { order, options, invocation }) =>
        await closeOrder(await invocation(), order, options),
    }),
  ],
);
