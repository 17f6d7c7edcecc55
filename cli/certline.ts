#!/usr/bin/env node
import { CommanderError } from 'commander';
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { certlineProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';
import { endWhenPipeCloses } from './terminal/stdout.ts';

endWhenPipeCloses();
try {
  await certlineProgram().parseAsync();
} catch (error) {
  // Commander has already said what is wrong with the command line; help and version are no failures.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_STATUS.usage.status;
  else process.exitCode = reportFailure(error);
}
