import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';
import { awsCommands } from './aws-commands.ts';
import { goliothCommands } from './golioth-commands.ts';

/** Commands about clouds, and other device registries of the configuration. */
export const cloudCommands = group(
  'cloud',
  {
    says: 'try the device registries of the configuration: clouds, webhooks and folders of files',
    examples: ['certline cloud check', 'certline cloud golioth ca upload'],
  },
  [
    goliothCommands,
    awsCommands,
    command('check', {
      says: 'try each permission that a device registry needs, without changing anything',
      options: { ...JSON_OPTION },
      notes: 'Exit status 0: every registry allows what was tried; 4: one does not.',
      examples: ['certline cloud check', 'certline cloud check --json | jq .'],
      load: () => import('./check-clouds.ts'),
      run: async ({ checkClouds }, { options, invocation }) => await checkClouds(await invocation(), options),
    }),
  ],
);
