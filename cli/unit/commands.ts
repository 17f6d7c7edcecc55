import type { Command } from 'commander';
import type { Verdict } from './decide-on-unit.ts';
import type { DescribeUnitOptions } from './describe-unit.ts';
import { stateFolderOf } from '../invocation.ts';

const SERIAL = 'serial number of the unit, in any case';

/** What each decision means, and an example of why. */
const VERDICTS: Record<Verdict, readonly [description: string, reason: string]> = {
  retry: ['a unit that waits for a decision tries again', 'board replaced'],
  skip: ['a unit that waits is left out of its batch; it ends as HOLD', 'board at the lab'],
  scrap: ['a unit that waits is bad and never ships; it ends as FAIL, for good', 'cracked antenna'],
};

/** Commands about one unit. show reads the registry, the others talk to the running line. */
export function addUnitCommands(program: Command): void {
  const unit = program
    .command('unit')
    .description('see what became of one unit, and decide on one that waits')
    .addHelpText(
      'after',
      '\nExamples:\n  certline unit show CL-000017\n  certline unit retry CL-000017 --reason "board replaced"',
    );
  unit
    .command('show')
    .description('outcome, attempts, certificates and evidence; while a line runs, where the unit is now')
    .argument('<serial>', SERIAL)
    .option('--pem', 'only its certificate, in PEM')
    .option('--json', 'one JSON document instead of text')
    .addHelpText(
      'after',
      `
Examples:
  certline unit show CL-000017
  certline unit show CL-000017 --pem | openssl x509 -noout -text`,
    )
    .action(async (serial: string, options: DescribeUnitOptions, command: Command) => {
      const { describeUnit } = await import('./describe-unit.ts');
      await describeUnit(stateFolderOf(command), serial, options);
    });
  for (const [verdict, [description, reason]] of Object.entries(VERDICTS)) {
    unit
      .command(verdict)
      .description(description)
      .argument('<serial>', SERIAL)
      .option('--reason <text>', 'why, for the record')
      .addHelpText('after', `\nExample:\n  certline unit ${verdict} CL-000017 --reason "${reason}"`)
      .action(async (serial: string, options: { reason?: string }, command: Command) => {
        const { decideOnUnit } = await import('./decide-on-unit.ts');
        await decideOnUnit(stateFolderOf(command), serial, verdict as Verdict, options);
      });
  }
}
