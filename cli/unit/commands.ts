import type { UnitVerdict } from '../../provisioning/decision.ts';
import { command, group } from '../command.ts';
import type { Entry } from '../command.ts';
import { DECISION_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION } from '../option-values.ts';

const SERIAL = { '<serial>': 'serial number of the unit, in upper or lower case' } as const;

/** Commands about one unit. show reads the registry, the others talk to the running line. */
export const unitCommands = group(
  'unit',
  {
    says: 'show what happened to one unit, and decide about one that waits',
    examples: ['certline unit show CL-000017', 'certline unit retry CL-000017 --reason "board replaced"'],
  },
  [
    command('show', {
      says: 'show outcome, attempts, certificates and evidence; while a line runs, also where the unit is now',
      args: SERIAL,
      options: { '--pem': 'print only its active certificate, in PEM', ...JSON_OPTION },
      examples: [
        'certline unit show CL-000017',
        'certline unit show CL-000017 --pem | openssl x509 -noout -text',
      ],
      readsState: true,
      load: () => import('./describe-unit.ts'),
      run: async ({ describeUnit }, { serial, options, stateFolder }) =>
        await describeUnit(stateFolder, serial, options),
    }),
    decision('retry', 'try again with a unit that waits for a decision', 'board replaced'),
    decision('skip', 'leave a unit that waits out of its batch; it ends as HOLD', 'board at the lab'),
    decision(
      'scrap',
      'give up a unit that waits: it ends as FAIL permanently and must not ship',
      'cracked antenna',
    ),
  ],
);

function decision(verdict: UnitVerdict, says: string, reason: string): Entry {
  return command(verdict, {
    says,
    args: SERIAL,
    options: DECISION_OPTIONS,
    examples: [`certline unit ${verdict} CL-000017 --reason "${reason}"`],
    readsState: true,
    load: () => import('./decide-on-unit.ts'),
    run: async ({ decideOnUnit }, { serial, options, stateFolder }) =>
      await decideOnUnit(stateFolder, serial, verdict, options),
  });
}
