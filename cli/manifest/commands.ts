import { command, group } from '../command.ts';
import { JSON_OPTION, priority, wholeNumber } from '../option-values.ts';

const MANIFEST = { '<file>': 'the manifest, a CSV file' } as const;

/** Commands of the planner: check a manifest, and make a batch of it. */
export const manifestCommands = [
  command('validate', {
    says: 'check a manifest and change nothing: list every fault, and what is expected instead',
    args: MANIFEST,
    options: JSON_OPTION,
    notes:
      'Exit status 0: the manifest would be accepted; 3: it would be refused; 5: the file does not exist.',
    examples: [
      'certline validate lot-0007.csv',
      "certline validate lot-0007.csv --json | jq '.issues[] | {line, code}'",
    ],
    load: () => import('./validate-file.ts'),
    run: async ({ validateFile }, { file, options, invocation }) =>
      await validateFile(await invocation(), file, options),
  }),
  group('manifest', { says: 'make manifests' }, [
    command('new', {
      says: 'write a manifest with a CSV row for each unit, to fill in',
      options: {
        '--product <name>': { says: 'product of the units', required: true },
        '--rows <number>': { says: 'number of units', parse: wholeNumber(1), required: true },
        '--order <order>': 'number of the order; default: empty',
        '--first-serial <serial>': 'serial of the first unit; the others count up; default: empty',
        '--out <file>': 'file to write; default: standard output',
      },
      examples: [
        'certline manifest new --product golioth-node --rows 500 --order PO-1001 --out lot-0007.csv',
        'certline manifest new --product golioth-node --rows 500 --first-serial CL-000001 > lot-0007.csv',
      ],
      load: () => import('./new-manifest.ts'),
      run: async ({ newManifest }, { options, invocation }) => newManifest(await invocation(), options),
    }),
  ]),
  command('submit', {
    says: 'copy a manifest into the inbox; if the factory line runs, wait for its answer',
    args: MANIFEST,
    options: {
      '--wait': 'wait until every unit has ended or waits for a decision; default: wait for the answer only',
      '--priority <number>': {
        says: 'from 1 (its units get boards before those of other batches) to 5 (after them); default: 3',
        parse: priority,
      },
      ...JSON_OPTION,
    },
    notes: 'If the factory line does not run, the manifest stays in the inbox until it starts.',
    examples: [
      'certline submit lot-0007.csv',
      'certline submit lot-0008.csv --priority 1',
      'certline submit lot-0007.csv --wait && echo "every unit passed"',
    ],
    load: () => import('./submit-manifest.ts'),
    run: async ({ submitManifest }, { file, options, invocation }) =>
      await submitManifest(await invocation(), file, options),
  }),
] as const;
