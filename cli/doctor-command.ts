import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { LineConfig } from '../workers/line-config.ts';
import { checkCa } from './doctor/check-ca.ts';
import { checkClock } from './doctor/check-clock.ts';
import { checkFolder, checkSpace } from './doctor/check-folder.ts';
import { checkLine, checkUnfinished } from './doctor/check-leftovers.ts';
import { checkNode } from './doctor/check-node.ts';
import { checkPorts } from './doctor/check-ports.ts';
import { checkServer } from './doctor/check-server.ts';
import { checkLedger, checkRegistry } from './doctor/check-stores.ts';
import { failure, ok } from './doctor/finding.ts';
import type { Finding } from './doctor/finding.ts';
import { EXIT_STATUS } from './exit-status.ts';
import { invocationOf, stateFolderOf } from './invocation.ts';
import { printJson, printLine } from './stdout.ts';

interface DoctorOptions {
  readonly probe?: boolean;
  readonly json?: boolean;
}

/** `certline doctor`: is this host fit to run the line, and if not, what is to be mended. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'check this host: configuration, disk, ports, CA, databases, Temporal server; changes nothing',
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
    .action((options: DoctorOptions, command: Command) => examine(command, options));
}

async function examine(command: Command, options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of findingsOf(command, options.probe === true)) {
    findings.push(finding);
    if (options.json !== true) printFinding(finding);
  }
  const first = findings.find((finding) => finding.verdict === 'fail');
  if (options.json === true) printJson({ healthy: first === undefined, findings });
  if (first !== undefined) process.exitCode = EXIT_STATUS[first.reason].status;
}

/** Every check in the order in which a fault is best mended. */
async function* findingsOf(command: Command, probe: boolean): AsyncGenerator<Finding> {
  const stateFolder = stateFolderOf(command);
  yield checkNode();
  const config = readConfig(command);
  yield 'finding' in config ? config.finding : ok('configuration', describeConfig(config));
  yield await checkFolder('state folder', stateFolder);
  yield await checkSpace('disk', stateFolder);
  yield checkClock(stateFolder);
  yield* checkCa(stateFolder, 'finding' in config ? undefined : config.passphraseFile);
  yield await checkRegistry(stateFolder);
  yield await checkLedger(stateFolder);
  yield await checkServer(stateFolder);
  yield checkLine(stateFolder);
  if ('finding' in config) return;
  yield await checkFolder('inbox', config.inbox);
  const unfinished = checkUnfinished(config.inbox);
  if (unfinished !== undefined) yield unfinished;
  yield* await checkPorts(config.stations, probe);
}

function readConfig(command: Command): LineConfig | { readonly finding: Finding } {
  try {
    return invocationOf(command).config;
  } catch (error) {
    return { finding: failure('configuration', error) };
  }
}

function describeConfig({ products, stations }: LineConfig): string {
  const sockets = stations.reduce((sum, station) => sum + station.sockets.length, 0);
  return `products ${products.map(({ name }) => name).join(', ')}; ${stations.length} stations with ${sockets} sockets`;
}

const LOOKS: Record<Finding['verdict'], Parameters<typeof styleText>[0]> = {
  ok: 'green',
  warn: 'yellow',
  fail: ['red', 'bold'],
};

/** Wide enough for every check but long names of sockets. */
const CHECK_CELLS = 14;

function printFinding({ verdict, check, says }: Finding): void {
  const head = `${styleText(LOOKS[verdict], verdict.padEnd(4))}  ${check.padEnd(CHECK_CELLS)}  `;
  printLine(`${head}${says.replaceAll('\n', `\n${' '.repeat(CHECK_CELLS + 8)}`)}`);
}
