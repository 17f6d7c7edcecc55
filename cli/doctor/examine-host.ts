import { styleText } from 'node:util';
import type { LineConfig } from '../../line/config.ts';
import { checkCa } from './check-ca.ts';
import { checkClock } from './check-clock.ts';
import { checkClouds } from './check-clouds.ts';
import { checkFolder, checkSpace } from './check-folder.ts';
import { checkInboxOwner } from './check-inbox.ts';
import { checkKeys } from './check-keys.ts';
import { checkLine, checkUnfinished } from './check-leftovers.ts';
import { checkMemory } from './check-memory.ts';
import { checkOwners } from './check-owners.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkNode } from './check-node.ts';
import { checkOutbox } from './check-outbox.ts';
import { checkPorts } from './check-ports.ts';
import { checkRoles } from './check-roles.ts';
import { checkProfiles } from './check-profiles.ts';
import { checkSigning } from './check-signing.ts';
import { checkServer } from './check-server.ts';
import { checkLedger, checkRegistry, checkSignerLogs } from './check-stores.ts';
import { failure, ok } from './finding.ts';
import type { Finding } from './finding.ts';
import { EXIT_STATUS } from '../../provisioning/exit-status.ts';
import type { Place } from '../invocation.ts';
import { printJson } from '../terminal/stdout.ts';
import { printBeside } from '../terminal/table.ts';

export interface DoctorOptions {
  readonly probe?: boolean;
  readonly json?: boolean;
}

/** Runs every check, prints each finding as it comes, and sets the exit status of the first failure. */
export async function examineHost(place: Place, options: DoctorOptions): Promise<void> {
  const findings: Finding[] = [];
  for await (const finding of findingsOf(place, options.probe === true)) {
    findings.push(finding);
    if (options.json !== true) printFinding(finding);
  }
  const first = findings.find((finding) => finding.verdict === 'fail');
  if (options.json === true) printJson({ healthy: first === undefined, findings });
  if (first !== undefined) process.exitCode = EXIT_STATUS[first.reason].status;
}

/** Every check, in the order in which faults are best fixed. */
async function* findingsOf(place: Place, probe: boolean): AsyncGenerator<Finding> {
  const { stateFolder } = place;
  yield checkNode();
  const config = await readConfig(place);
  yield 'finding' in config ? config.finding : ok('configuration', describeConfig(config));
  yield await checkFolder('state folder', stateFolder);
  yield* checkOwners(stateFolder);
  yield await checkSpace('disk', stateFolder);
  yield checkClock(stateFolder);
  yield* checkMemory();
  yield* await checkCa(stateFolder, 'finding' in config ? {} : config);
  if (!('finding' in config)) yield* await checkProfiles(stateFolder, config.products);
  if (!('finding' in config)) {
    yield await checkRegistry({ stateFolder, config });
    yield* await checkSignerLogs({ stateFolder, config });
    const ledger = await checkLedger({ stateFolder, config });
    yield ledger;
    yield* await checkSigning({ stateFolder, config }, ledger.verdict === 'ok');
    yield* checkKeys({ stateFolder, config });
  }
  const server = await checkServer(stateFolder);
  yield server;
  yield checkLine(stateFolder);
  const stations = 'finding' in config ? [] : config.stations.map(({ id }) => id);
  if (server.verdict === 'ok') yield* await checkRoles(stateFolder, stations);
  if ('finding' in config) return;
  yield* await inboxFindings(config.inbox, stateFolder);
  yield* await checkClouds(stateFolder, config.registries);
  yield* await checkOutbox({ stateFolder, config });
  const notifications = checkNotifications(config);
  if (notifications !== undefined) yield notifications;
  yield* await checkPorts(config.stations, probe);
}

/** What is in a drop folder that cannot be used is not known. */
async function inboxFindings(inbox: string, stateFolder: string): Promise<Finding[]> {
  const folder = await checkFolder('inbox', inbox);
  if (folder.verdict !== 'ok') return [folder];
  const inside = [await checkInboxOwner(inbox, stateFolder), checkUnfinished(inbox)];
  return [folder, ...inside.filter((finding) => finding !== undefined)];
}

async function readConfig({ invocation }: Place): Promise<LineConfig | { readonly finding: Finding }> {
  try {
    return (await invocation()).config;
  } catch (error) {
    return { finding: failure('configuration', error) };
  }
}

function describeConfig({ products, stations }: LineConfig): string {
  const sockets = stations.reduce((sum, station) => sum + station.sockets.length, 0);
  return `products ${products.map(({ name }) => name).join(', ')}; stations: ${stations.length}, sockets: ${sockets}`;
}

const LOOKS: Record<Finding['verdict'], Parameters<typeof styleText>[0]> = {
  ok: 'green',
  warn: 'yellow',
  fail: ['red', 'bold'],
};

/** Wide enough for every check but long names of sockets. */
const CHECK_CELLS = 14;

function printFinding({ verdict, check, says }: Finding): void {
  printBeside(`${styleText(LOOKS[verdict], verdict.padEnd(4))}  ${check.padEnd(CHECK_CELLS)}`, says);
}
