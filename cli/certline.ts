#!/usr/bin/env node
import { EXIT_STATUS } from '../provisioning/exit-status.ts';
import { nodeFault } from './node-version.ts';

const fault = nodeFault();
if (fault === undefined) {
  // Loaded only here: an older Node.js has not all modules that the rest needs, and would name one of them only.
  const { flushed } = await import('./terminal/stdout.ts');
  const { watchOutput } = await import('./watch-output.ts');
  const { reportUncaught } = await import('./report-failure.ts');
  const { runProgram } = await import('./run-program.ts');
  reportUncaught();
  watchOutput();
  await runProgram(process.argv.slice(2));
  // A name look-up without an answer, or a worker that failed, would keep the process for some time yet, or permanently.
  if ((process.exitCode ?? 0) !== 0) {
    await flushed();
    process.exit();
  }
} else {
  process.stderr.write(`${fault}\n`);
  process.exitCode = EXIT_STATUS.configuration.status;
}
