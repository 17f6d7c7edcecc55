// Runs commands one after the other at the terminal of this process, and says on it where each begins and how it ended: to start the
// program for each takes more time than the commands do.
import { runProgram } from '../../cli/run-program.ts';

for (const line of JSON.parse(process.argv[2]!) as string[][]) {
  process.exitCode = 0;
  process.stdout.write(`\u0001${JSON.stringify(line)}\n`);
  await runProgram(line);
  process.stdout.write(`\u0002${process.exitCode ?? 0}\n`);
}
process.exit(0);
