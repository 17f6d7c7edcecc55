import { Command, InvalidArgumentError } from 'commander';
import { auditCommands } from './audit/commands.ts';
import { batchCommands } from './batch/commands.ts';
import { boardCommands } from './board/commands.ts';
import { caCommands } from './ca/commands.ts';
import { certCommands } from './cert/commands.ts';
import { completionCommand } from './completion/commands.ts';
import { cloudCommands } from './cloud/commands.ts';
import { doctorCommand } from './doctor/commands.ts';
import { addHelp } from './help-command.ts';
import { lineCommands } from './line/commands.ts';
import { lotCommands } from './lot/commands.ts';
import { manifestCommands } from './manifest/commands.ts';
import { orderCommands } from './order/commands.ts';
import { registryCommands } from './registry/commands.ts';
import { intakeCommands } from './intake/commands.ts';
import { reworkCommands } from './rework/commands.ts';
import { stationCommands } from './station/commands.ts';
import { unitCommands } from './unit/commands.ts';
import { witnessCommands } from './witness/commands.ts';
import { versionText } from './version.ts';

/** Everything that can be typed after `certline`. Its errors about the command line are thrown. */
export function certlineProgram(): Command {
  const program = new Command('certline')
    .description('Factory provisioning: a manifest in, boards with their own key and certificate out.')
    .version(versionText(), '--version', 'print the versions of Certline and Node.js')
    .option(
      '--state <folder>',
      'folder for everything the line must keep; default: CERTLINE_STATE, else .certline',
      named,
    )
    .option(
      '--config <file>',
      "products and stations; default: CERTLINE_CONFIG, else certline.json here, else Certline's own",
      named,
    )
    .option(
      '--inbox <folder>',
      'drop folder for manifests; default: CERTLINE_INBOX, else as configured',
      named,
    )
    .showHelpAfterError('("certline --help" lists the commands)')
    .exitOverride();

  addHelp(program, false);
  for (const add of [
    ...lineCommands,
    ...manifestCommands,
    batchCommands,
    lotCommands,
    unitCommands,
    reworkCommands,
    boardCommands,
    caCommands,
    certCommands,
    auditCommands,
    orderCommands,
    stationCommands,
    intakeCommands,
    registryCommands,
    cloudCommands,
    witnessCommands,
    doctorCommand,
    completionCommand,
  ])
    add(program);
  return program;
}

/** An empty path would be the working folder; a script made it of a variable that is not set. */
function named(path: string): string {
  if (path !== '') return path;
  throw new InvalidArgumentError('It is empty: name a path, or leave the option out.');
}
