import type { Command } from 'commander';
import type { DoctorOptions } from './examine-host.ts';

/** `certline doctor`: is this host fit to run the line, and if not, what is to be mended. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this host: configuration, disk, ports, CA, certificate profiles, databases, orders, stations, Temporal server; changes nothing',
    )
    .option('--probe', 'also talk to the board in each socket; not while a line runs')
    .option('--json', 'one JSON document instead of lines')
    .addHelpText(
      'after',
      `
Exit status: that of the first failure (see "Exit statuses" in docs/operations.md), 0 when there are only warnings.

Examples:
  certline doctor
  certline doctor --probe --config /etc/certline.json`,
    )
    .action(async (options: DoctorOptions, command: Command) => {
      const { examineHost } = await import('./examine-host.ts');
      await examineHost(command, options);
    });
}
