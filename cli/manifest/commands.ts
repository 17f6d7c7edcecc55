import type { Command } from 'commander';
import { invocationOf } from '../invocation.ts';
import type { SubmitOptions } from './submit-manifest.ts';

/**
 * Commands of the planner: is a manifest right, and make a batch of it. What a command needs is loaded when it runs, as
 * in the other groups: Temporal's client alone takes longer to load than most commands take.
 */
export function addManifestCommands(program: Command): void {
  program
    .command('validate')
    .description(
      'judge a manifest, with no effect: every row that would be refused, and what is expected instead',
    )
    .argument('<file>', 'the manifest, a CSV file')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText(
      'after',
      `
Exit status 0: it would be accepted; 3: it would be refused; 5: there is no such file.

Examples:
  certline validate lot-0007.csv
  certline validate lot-0007.csv --json | jq '.issues[] | {line, code}'`,
    )
    .action(async (file: string, options: { json?: boolean }, command: Command) => {
      const { validateFile } = await import('./validate-file.ts');
      await validateFile(invocationOf(command), file, options);
    });
  program
    .command('submit')
    .description('drop a manifest into the inbox of the line, and wait for its answer while a line runs')
    .argument('<file>', 'the manifest, a CSV file')
    .option('--json', 'one JSON document instead of lines for people')
    .option('--wait', 'go on until every unit has ended or waits for a decision')
    .addHelpText(
      'after',
      `
Where no line runs, the manifest lies in the inbox until one starts.

Examples:
  certline submit lot-0007.csv
  certline submit lot-0007.csv --wait && echo "every unit passed"`,
    )
    .action(async (file: string, options: SubmitOptions, command: Command) => {
      const { submitManifest } = await import('./submit-manifest.ts');
      await submitManifest(invocationOf(command), file, options);
    });
}
