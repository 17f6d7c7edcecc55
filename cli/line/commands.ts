import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { command, group } from '../command.ts';
import { JSON_OPTION, wholeNumber } from '../option-values.ts';
import { typedDemo } from '../typed-name.ts';
import { guardKeys } from './guard-keys.ts';

/** What the examples of one command have before their notes. */
const EXAMPLE_COLUMNS = 35;

/** Commands that run the factory line, or a part of it, until they are stopped. */
export const lineCommands = [
  command('demo', {
    says: 'a whole factory line without hardware: creates a lot, provisions it, and shows the results',
    options: {
      '--units <number>': {
        says: 'number of units in the lot; default: the 24 of the example manifest',
        parse: wholeNumber(1),
      },
      '--stay': 'keep the line running after the lot, for "batch rerun" and the Temporal UI',
      '--speed <speed>': {
        says: 'speed of the virtual boards',
        choices: ['realistic', 'instant'],
        default: 'realistic',
      },
      '--faulty <number>': {
        says: 'make the Nth board that is loaded a faulty one; default: no faulty board',
        parse: wholeNumber(1),
      },
    },
    examples: [
      `${typedDemo().padEnd(EXAMPLE_COLUMNS)}the example lot, 24 units`,
      `${typedDemo('--faulty 3 --stay').padEnd(EXAMPLE_COLUMNS)}one bad board: watch it wait, then "certline batch rerun"`,
      typedDemo('--units 2000 --speed instant'),
    ],
    before: () => guardKeys({ isRehearsal: true }),
    load: () => import('./demo.ts'),
    run: async ({ runDemo }, { options, invocation }) => await runDemo(await invocation(), options),
  }),
  command('up', {
    says: 'run the whole factory line on this host: orchestrator, signer and the configured stations',
    options: {
      '--virtual': 'use virtual boards instead of the configured stations',
      '--ui-actions':
        'let the Temporal UI of this factory line change units and batches; default: with --virtual only',
    },
    examples: ['certline up --config /etc/certline.json --state /var/lib/certline'],
    before: ({ virtual }) => guardKeys({ isRehearsal: virtual === true }),
    load: () => import('./run-line.ts'),
    run: async ({ runLine }, { options, invocation }) => await runLine(await invocation(), options),
  }),
  command('watch', {
    says: 'watch the whole factory line on a full screen: lots, sockets, and what somebody must do',
    notes: `
It stays between lots. q quits, the arrow keys scroll. For a script: "certline line status --json", or
"certline batch watch", which ends with the batch.`,
    examples: ['certline watch', 'certline watch --state /var/lib/certline'],
    readsState: true,
    load: () => import('./watch-line.ts'),
    run: async ({ watchLine }, { invocation }) => await watchLine(await invocation()),
  }),
  command('worker', {
    says: `run one role of a factory line that uses several hosts: ${WORKER_ROLES.join(', ')}`,
    args: { '<role>': { says: 'which one', choices: WORKER_ROLES } },
    examples: ['TEMPORAL_ADDRESS=temporal.example:7233 certline worker station --config /etc/certline.json'],
    before: () => guardKeys(),
    load: () => import('./run-worker-role.ts'),
    run: async ({ runWorkerRole }, { role, invocation }) => await runWorkerRole(await invocation(), role),
  }),
  command('codec-server', {
    says: 'decrypt payloads for the Temporal UI of this host, where CERTLINE_PAYLOAD_KEYS names a file of keys',
    options: {
      '--port <number>': { says: 'port on 127.0.0.1; default: 8081', parse: wholeNumber(0) },
      '--page <origin>': 'origin of the page that may ask; default: http://127.0.0.1:8233',
    },
    examples: [
      'CERTLINE_PAYLOAD_KEYS=/etc/certline/payload-keys certline codec-server --page http://ui.example',
    ],
    before: () => guardKeys(),
    load: () => import('./serve-codec.ts'),
    run: async ({ serveCodec }, { options }) => await serveCodec(options),
  }),
  command('simulate', {
    says: 'run virtual boards behind pseudo-terminals, as described in a JSON file',
    options: {
      '--line <file>': { says: 'JSON description of the virtual boards', required: true },
      '--follow-parent': 'stop when standard input closes; default: stop on Ctrl-C or SIGTERM only',
    },
    examples: ['certline simulate --line virtual-line.json'],
    load: () => import('./simulate.ts'),
    run: async ({ runSimulatorCommand }, { options }) => await runSimulatorCommand(options),
  }),
  group('line', { says: 'show the state of the factory line', examples: ['certline line status'] }, [
    command('status', {
      says: 'roles that work or are silent, sockets, open batches, orders, ledger, registry and versions',
      options: JSON_OPTION,
      notes: `
A role that was killed shows within 30 seconds. Registry, ledger and sockets are seen on the hosts that have them; all
else comes from the Temporal server.
Exit status 0: nothing needs a person; 11: something does, and the last rows say what.`,
      examples: ['certline line status', "certline line status --json | jq -r '.needs[]'"],
      readsState: true,
      load: () => import('./line-status.ts'),
      run: async ({ showLineStatus }, { options, invocation }) =>
        await showLineStatus(await invocation(), options),
    }),
  ]),
] as const;
