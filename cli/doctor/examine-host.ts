import { styleText } from 'node:util';
import type { LineConfig } from '../../line/config.ts';
import { checkCa } from './check-ca.ts';
import { checkClock } from './check-clock.ts';
import { checkClouds } from './check-clouds.ts';
import { checkFolder, checkSpace } from './check-folder.ts';
import { checkInboxOwner } from './check-inbox.ts';
import { checkSubfolders } from './check-subfolders.ts';
import { inboxFolders } from '../../manifests/intake/inbox-folders.ts';
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
import type { Invocation, Place } from '../invocation.ts';
import { printJson } from '../terminal/stdout.ts';
import { printBeside } from '../terminal/table.ts';

type Found = Finding | undefined | readonly Finding[];

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
  const isConfigured = !('finding' in config);
  yield isConfigured ? ok('configuration', describeConfig(config)) : config.finding;
  yield* await attempted('state folder', () => checkFolder('state folder', stateFolder));
  yield* await attempted('owner', () => checkOwners(stateFolder));
  yield* await attempted('disk', () => checkSpace('disk', stateFolder));
  yield* await attempted('clock', () => checkClock(stateFolder));
  yield* await attempted('memory', checkMemory);
  yield* await attempted('CA', () => checkCa(stateFolder, isConfigured ? config : {}));
  if (isConfigured) yield* recordFindings({ stateFolder, config });
  const server = await checkServer(stateFolder);
  yield server;
  yield* await attempted('line', () => checkLine(stateFolder));
  const stations = isConfigured ? config.stations.map(({ id }) => id) : [];
  if (server.verdict === 'ok') yield* await checkRoles(stateFolder, stations);
  if (!isConfigured) return;
  yield* await attempted('inbox', () => inboxFindings(config, stateFolder));
  yield* await attempted('registries', () => checkClouds({ stateFolder, config }));
  yield* await attempted('outbox', () => checkOutbox({ stateFolder, config }));
  yield* await attempted('notifications', () => checkNotifications(config));
  yield* await attempted('ports', () => checkPorts(config.stations, probe));
}

/** Products, registry, ledger and keys. */
async function* recordFindings(place: Invocation): AsyncGenerator<Finding> {
  const { stateFolder, config } = place;
  yield* await attempted('profiles', () => checkProfiles(stateFolder, config.products));
  yield await checkRegistry(place);
  yield* await checkSignerLogs(place);
  const ledger = await checkLedger(place);
  yield ledger;
  yield* await attempted('signing', () => checkSigning(place, ledger.verdict === 'ok'));
  yield* await attempted('keys', () => checkKeys(place));
}

/** What a check finds, or what it threw: a file that it does not expect must not keep the other checks from their finding. */
async function attempted(check: string, look: () => Found | Promise<Found>): Promise<readonly Finding[]> {
  try {
    return [await look()].flat().filter((finding) => finding !== undefined);
  } catch (error) {
    return [failure(check, error)];
  }
}

/** What is in a drop folder that cannot be used is not known. */
async function inboxFindings({ inbox, manufacturers }: LineConfig, stateFolder: string): Promise<Finding[]> {
  const folder = await checkFolder('inbox', inbox);
  if (folder.verdict !== 'ok') return [folder];
  const inside = [
    await checkInboxOwner(inbox, stateFolder),
    ...inboxFolders(inbox, manufacturers).map((each) => checkUnfinished(each)),
    checkSubfolders(inbox, manufacturers),
  ];
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
