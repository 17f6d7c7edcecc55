#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addAuditCommands } from './audit/commands.ts';
import { addBatchCommands } from './batch/commands.ts';
import { addBoardCommands } from './board/commands.ts';
import { addCaCommands } from './ca/commands.ts';
import { addCertCommands } from './cert/commands.ts';
import { addDoctorCommand } from './doctor/commands.ts';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { addLineCommands } from './line/commands.ts';
import { addManifestCommands } from './manifest/commands.ts';
import { addOrderCommands } from './order/commands.ts';
import { addRegistryCommands } from './registry/commands.ts';
import { reportFailure } from './report-failure.ts';
import { addStationCommands } from './station/commands.ts';
import { addUnitCommands } from './unit/commands.ts';

const program = new Command('certline')
  .description('Factory provisioning: a manifest in, boards with their own key and certificate out.')
  .option('--state <folder>', 'where the line keeps what it must not lose (CERTLINE_STATE)')
  .option('--config <file>', 'products and stations (CERTLINE_CONFIG)')
  .option('--inbox <folder>', 'drop folder for manifests (CERTLINE_INBOX; else as configured)')
  .showHelpAfterError('(certline --help shows what there is)')
  .exitOverride();

addLineCommands(program);
addManifestCommands(program);
addBatchCommands(program);
addUnitCommands(program);
addBoardCommands(program);
addCaCommands(program);
addCertCommands(program);
addAuditCommands(program);
addOrderCommands(program);
addStationCommands(program);
addRegistryCommands(program);
addDoctorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has already said what is wrong with the command line; help and version are no failures.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_STATUS.usage.status;
  else process.exitCode = reportFailure(error);
}
