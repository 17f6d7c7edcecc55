import { command } from '../command.ts';

/** `certline doctor`: is this host fit to run the line, and if not, what to fix. */
export const doctorCommand = command('doctor', {
  says: 'check this host: configuration, disk, ports, CA, certificate profiles, databases, orders, stations and Temporal server; changes nothing',
  options: {
    '--probe': 'also talk to the board in each socket; not possible while a line runs',
    '--json': 'print one JSON document instead of one row per check',
  },
  notes: `
Exit status: that of the first failure (see "Exit statuses" in docs/operations.md); 0 if there are only warnings.`,
  examples: ['certline doctor', 'certline doctor --probe --config /etc/certline.json'],
  load: () => import('./examine-host.ts'),
  run: async ({ examineHost }, { options, ...place }) => await examineHost(place, options),
});
