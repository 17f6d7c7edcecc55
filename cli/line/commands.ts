import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { guardKeys } from './guard-keys.ts';
import { invocationOf } from '../invocation.ts';

/** Commands that run the line, or a part of it, until they are stopped. */
export function addLineCommands(program: Command): void {
  program
    .command('demo')
    .description('a whole line without hardware: makes a lot, takes it through, shows what came of it')
    .option('--units <number>', 'units in the lot, instead of the 24 of the example', positive)
    .option('--stay', 'keep the line running after the lot, for rerun and the Temporal UI')
    .addOption(
      new Option('--speed <speed>', 'of the virtual boards')
        .choices(['realistic', 'instant'])
        .default('realistic'),
    )
    .option('--faulty <number>', 'make the n-th board that is loaded from now on a bad one', positive)
    .addHelpText(
      'after',
      `
Examples:
  npm start                          the example lot, 24 units
  npm start -- --faulty 3 --stay     one bad board: watch it wait, then "certline batch rerun"
  npm start -- --units 2000 --speed instant`,
    )
    .action(async (options: DemoOptions, command: Command) => {
      guardKeys({ isRehearsal: true });
      const { runDemo } = await import('./demo.ts');
      await runDemo(invocationOf(command), options);
    });
  program
    .command('up')
    .description('the whole line on this host: orchestrator, signer, and the stations of the configuration')
    .option('--virtual', 'with virtual boards in the place of the configured stations')
    .addHelpText('after', '\nExample:\n  certline up --config /etc/certline.json --state /var/lib/certline')
    .action(async (options: { virtual?: boolean }, command: Command) => {
      guardKeys({ isRehearsal: options.virtual === true });
      const { runLine } = await import('./run-line.ts');
      await runLine(invocationOf(command), options);
    });
  program
    .command('worker')
    .description(`one role of a line that is spread over hosts: ${WORKER_ROLES.join(', ')}`)
    .argument('<role>', WORKER_ROLES.join(' | '))
    .addHelpText(
      'after',
      '\nExample:\n  TEMPORAL_ADDRESS=temporal.example:7233 certline worker station --config /etc/certline.json',
    )
    .action(async (role: string, _options: object, command: Command) => {
      guardKeys();
      const { runWorkerRole } = await import('./run-worker-role.ts');
      await runWorkerRole(invocationOf(command), role);
    });
  program
    .command('simulate')
    .description('virtual boards behind pseudo-terminals, as a JSON file describes them')
    .requiredOption('--line <file>', 'description of the virtual line')
    .option('--follow-parent', 'end when standard input closes')
    .action(async (options: { line: string; followParent?: boolean }) => {
      const { runSimulatorCommand } = await import('./simulate.ts');
      await runSimulatorCommand(options);
    });
}

export interface DemoOptions {
  readonly units?: number;
  readonly stay?: boolean;
  readonly speed: 'realistic' | 'instant';
  readonly faulty?: number;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('a whole number from 1 on');
  return value;
}
