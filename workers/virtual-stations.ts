import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeFolder } from '../disk/make-folder.ts';
import type { StationConfig } from '../fixtures/station/station-config.ts';
import type { Product } from '../provisioning/product.ts';
import type { LineConfig } from '../line/config.ts';
import { tileFilePath, virtualLineFolder } from '../line/state-folder.ts';

/** A small factory line that fits on the screen of a laptop. */
const STATIONS = ['st-1', 'st-2'];
const SOCKETS = ['1', '2', '3', '4'];

export interface VirtualStationsOptions {
  readonly speed: 'realistic' | 'instant';
  /** The number of the board, over all sockets from now on, that forgets its certificate. */
  readonly faulty?: number;
}

export interface VirtualStations {
  /** The configuration with the virtual stations in it. */
  readonly config: LineConfig;
  stop(): Promise<void>;
}

/**
 * Starts virtual boards and a virtual operator in a process of their own, as hardware would be: what happens to the
 * line does not happen to the boards. The process ends with this one.
 */
export async function startVirtualStations(
  stateFolder: string,
  config: LineConfig,
  options: VirtualStationsOptions,
): Promise<VirtualStations> {
  const folder = virtualLineFolder(stateFolder);
  const stations = STATIONS.map((id) => stationConfig(id, folder, config));
  makeFolder(folder);
  const lineFile = join(folder, 'virtual-line.json');
  writeFileSync(
    lineFile,
    `${JSON.stringify(simulatorConfig(stateFolder, folder, config.products[0]!, options), null, 2)}\n`,
  );
  const log = openSync(join(folder, 'simulator.log'), 'a');
  const simulator = join(import.meta.dirname, '..', 'simulator', `simulate${extname(import.meta.filename)}`);
  // The write end of its standard input is ours: it closes with us, even after kill -9.
  const stdio: ['pipe', 'pipe', number] = ['pipe', 'pipe', log];
  // Ctrl-C in a terminal reaches a whole process group; the boards must outlive the line that works on them.
  const argv = [simulator, lineFile, '--follow-parent'];
  const child = spawn(process.execPath, argv, { stdio, detached: true });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error('The process of the virtual boards has no pipes.');
  const exited = once(child, 'exit');
  const ready = once(createInterface({ input: stdout }), 'line');
  const first = await Promise.race([ready, exited.then(() => undefined)]);
  if (!first) throw new Error(`The virtual boards did not start: see ${folder}/simulator.log`);
  stdout.resume();
  return {
    config: { ...config, stations, unitsInFlight: 2 * STATIONS.length * SOCKETS.length },
    stop: async () => {
      stdin.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function stationConfig(id: string, folder: string, config: LineConfig): StationConfig {
  const product = config.products[0]!.name;
  return {
    id,
    // Virtual boards at their fastest do not wait for a rate that is meant for real ones.
    signaturesPerMinute: 100_000,
    sockets: SOCKETS.map((socket) => ({
      id: socket,
      port: join(folder, 'ports', `${id}-${socket}`),
      product,
    })),
  };
}

function simulatorConfig(
  stateFolder: string,
  directory: string,
  product: Product,
  options: VirtualStationsOptions,
): object {
  const forgetful = { kind: 'forget-writes', path: product.certificatePath };
  const nth = boardsIn(directory) + (options.faulty ?? 0);
  return {
    directory,
    speed: options.speed,
    keyPath: product.keyPath,
    stations: STATIONS.map((id) => ({ id, sockets: SOCKETS, tileFile: tileFilePath(stateFolder, id) })),
    operator: { replaceFailed: true },
    faults: options.faulty === undefined ? [] : [{ nth, fault: forgetful }],
  };
}

/** How many boards this factory line has loaded so far: it keeps the image of each. */
function boardsIn(directory: string): number {
  const boards = join(directory, 'boards');
  return existsSync(boards) ? readdirSync(boards).length : 0;
}
