import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands about projects at Golioth. */
export const goliothCommands = group(
  'golioth',
  {
    says: 'prepare a Golioth project, and see which devices appeared in it',
    examples: ['certline cloud golioth ca upload', 'certline cloud golioth device CL-000001'],
  },
  [
    group('ca', { says: 'the CA that signs devices', examples: ['certline cloud golioth ca upload'] }, [
      command('upload', {
        says: 'make the project trust the CA that signs devices; does nothing if the project trusts it already',
        args: {
          '[registry]': 'name of the registry in the configuration; default: the only one of its kind',
        },
        options: JSON_OPTION,
        notes: 'Only the certificate of the CA is sent, never a key.',
        examples: ['certline cloud golioth ca upload', 'certline cloud golioth ca upload golioth --json'],
        load: () => import('./upload-golioth-ca.ts'),
        run: async ({ uploadGoliothCa }, { registry, options, invocation }) =>
          await uploadGoliothCa(await invocation(), registry, options),
      }),
    ]),
    command('device', {
      says: 'see whether a unit has connected, and whether its device has the certificate of this unit',
      args: { '<serial>': 'serial of the unit' },
      options: {
        '--registry <name>': 'name of the registry in the configuration; default: the only one of its kind',
        ...JSON_OPTION,
      },
      notes: 'Exit status 0: it has connected; 11: it has not, or its name belongs to another device.',
      examples: ['certline cloud golioth device CL-000001'],
      load: () => import('./show-golioth-device.ts'),
      run: async ({ showGoliothDevice }, { serial, options, invocation }) =>
        await showGoliothDevice(await invocation(), serial, options),
    }),
  ],
);
