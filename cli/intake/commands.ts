import { command, group } from '../command.ts';
import { JSON_OPTION } from '../option-values.ts';

/** Commands about the intake, whose releases the signer accepts. */
export const intakeCommands = group(
  'intake',
  {
    says: 'let the signer accept the batches that the intake of another host releases',
    notes: `
At the orchestrator: certline intake enroll
At the signer:       certline intake admit 'intake+...'`,
  },
  [
    command('enroll', {
      says: 'at the orchestrator: create the key of its intake, and print the command to type at the signer',
      options: JSON_OPTION,
      examples: ['certline intake enroll'],
      load: () => import('./admit-intake.ts'),
      run: ({ enrollIntake }, { options, stateFolder }) => enrollIntake(stateFolder, options),
    }),
    command('admit', {
      says: 'at the signer: accept what this intake releases from now on; may be repeated',
      args: { '<key>': 'public key of the intake, as "intake enroll" printed it' },
      options: JSON_OPTION,
      notes: `
The keys are in the file signer/intake-keys of the state folder, or the one that intakeKeysFile names. Remove a text
line there, and its intake is not accepted any more.`,
      examples: ["certline intake admit 'intake+2f8a01b3+Ae...'"],
      load: () => import('./admit-intake.ts'),
      run: async ({ admitIntake }, { key, options, invocation }) =>
        admitIntake(await invocation(), key, options),
    }),
  ],
);
