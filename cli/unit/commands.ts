import type { UnitVerdict } from '../../provisioning/decision.ts';
import { command, group } from '../command.ts';
import type { Entry } from '../command.ts';
import { DECISION_OPTIONS, REASONED_OPTIONS } from '../decision-options.ts';
import { JSON_OPTION, failureCode } from '../option-values.ts';

const SERIAL = { '<serial>': 'serial number of the unit, in upper or lower case' } as const;

/** Commands about units. list and show read the registry, the others talk to the running line. */
export const unitCommands = group(
  'unit',
  {
    says: 'list units that wait, show what happened to one, and decide about one that waits',
    examples: ['certline unit show CL-000017', 'certline unit retry CL-000017 --reason "board replaced"'],
  },
  [
    command('show', {
      says: 'show outcome, attempts, certificates and evidence; while a line runs, also where the unit is now',
      args: {
        '<which>': 'serial number of the unit; hardware id of its board; or serial number of its certificate',
      },
      options: { '--pem': 'print only its active certificate, in PEM', ...JSON_OPTION },
      examples: [
        'certline unit show CL-000017',
        'certline unit show CL-000017 --pem | openssl x509 -noout -text',
      ],
      readsState: true,
      load: () => import('./describe-unit.ts'),
      run: async ({ describeUnit }, { which, options, invocation }) =>
        await describeUnit(await invocation(), which, options),
    }),
    command('list', {
      says: 'list the units of all batches that wait for a decision, and what to type for each',
      options: {
        '--waiting': {
          says: 'units that wait; "batch show ID --units" lists those of a batch',
          required: true,
        },
        '--batch <id>':
          'only of this batch; on a host without the registry, its whole id; default: all batches',
        '--code <code...>': {
          says: 'only units that failed with one of these failure codes; default: any code',
          parse: failureCode,
        },
        '--station <id>': 'only units whose last attempt was at this station; default: any station',
        ...JSON_OPTION,
      },
      notes: `
Reads the registry where it is, and asks Temporal on other hosts; the last row says which.`,
      examples: ['certline unit list --waiting', 'certline unit list --waiting --code BOARD_GONE --json'],
      readsState: true,
      load: () => import('./list-units.ts'),
      run: async ({ listWaitingUnits }, { options, invocation }) =>
        await listWaitingUnits(await invocation(), options),
    }),
    command('renew', {
      says: 'give a unit that passed a new certificate, once its board is in a socket; firmware is not touched',
      args: SERIAL,
      options: {
        '--new-key': 'also a new key; default: the key that is on the board',
        ...REASONED_OPTIONS,
        '--order <id>': 'order whose reissue is used; default: the order of the unit',
        ...JSON_OPTION,
      },
      examples: ['certline unit renew CL-000017 --reason "expires in May"'],
      readsState: true,
      load: () => import('./renew-unit.ts'),
      run: async ({ renewUnit }, { serial, options, stateFolder }) =>
        await renewUnit(stateFolder, serial, options),
    }),
    decision('retry', 'try again with a unit that waits for a decision', 'board replaced'),
    decision('skip', 'leave a unit that waits out of its batch; it ends as HOLD', 'board at the lab'),
    decision(
      'scrap',
      'give up a unit that waits: it ends as FAIL permanently and must not ship',
      'cracked antenna',
    ),
    command('rerun', {
      says: 'run a unit again that ended without a pass: on HOLD, as an ERROR, cancelled or terminated',
      args: SERIAL,
      options: {
        ...REASONED_OPTIONS,
        '--scrapped': 'also if it was scrapped, which is otherwise permanent',
        ...JSON_OPTION,
      },
      notes: `
It runs in a supplement of its batch, under the same order, with a new key and the next attempt. A unit that passed
is reworked instead.`,
      examples: ['certline unit rerun CL-000017 --reason "board is back from the lab"'],
      readsState: true,
      load: () => import('./rerun-unit.ts'),
      run: async ({ rerunUnit }, { serial, options, invocation }) =>
        await rerunUnit(await invocation(), serial, options),
    }),
  ],
);

function decision(verdict: UnitVerdict, says: string, reason: string): Entry {
  return command(verdict, {
    says,
    args: SERIAL,
    options: { ...DECISION_OPTIONS, ...JSON_OPTION },
    examples: [`certline unit ${verdict} CL-000017 --reason "${reason}"`],
    readsState: true,
    load: () => import('./decide-on-unit.ts'),
    run: async ({ decideOnUnit }, { serial, options, invocation }) =>
      await decideOnUnit(await invocation(), serial, verdict, options),
  });
}
