import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseLineConfig } from '../../line/config.ts';
import type { LineConfig } from '../../line/config.ts';
import { tileFilePath, virtualLineFolder } from '../../line/state-folder.ts';

export const PRODUCT = 'golioth-node';

export interface PlantSize {
  readonly stations: number;
  readonly sockets: number;
}

/** Virtual boards without latency, in a process of their own. */
export interface VirtualBoards {
  readonly pid: number;
  stop(): Promise<void>;
}

interface PlannedStation {
  readonly id: string;
  readonly sockets: readonly string[];
}

export function planStations(size: PlantSize): PlannedStation[] {
  return Array.from({ length: size.stations }, (_, index) => ({
    id: `st-${index + 1}`,
    sockets: Array.from({ length: size.sockets }, (__, socket) => String(socket + 1)),
  }));
}

/** The configuration of a line on such boards. `more` is added to its file. */
export function plantConfig(folder: string, size: PlantSize, more: object = {}): LineConfig {
  const stations = planStations(size).map(({ id, sockets }) => ({
    id,
    signaturesPerMinute: 1_000_000,
    sockets: sockets.map((socket) => ({
      id: socket,
      port: join(virtualLineFolder(folder), 'ports', `${id}-${socket}`),
      product: PRODUCT,
    })),
  }));
  const products = [{ name: PRODUCT, organization: 'certline-bench' }];
  const unitsInFlight = 2 * size.stations * size.sockets;
  return parseLineConfig(
    { inbox: join(folder, 'inbox'), unitsInFlight, products, stations, ...more },
    'bench',
    folder,
  );
}

export async function startBoards(folder: string, size: PlantSize): Promise<VirtualBoards> {
  const lineFile = join(folder, 'virtual-line.json');
  const stations = planStations(size).map((station) => ({
    ...station,
    tileFile: tileFilePath(folder, station.id),
  }));
  writeFileSync(
    lineFile,
    JSON.stringify({ directory: virtualLineFolder(folder), speed: 'instant', stations }),
  );
  const simulator = new URL('../../simulator/simulate.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [simulator, lineFile, '--follow-parent'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(createInterface({ input: child.stdout }), 'line');
  child.stdout.resume();
  return {
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export function manifestOf(prefix: string, units: number): string {
  const rows = Array.from(
    { length: units },
    (_, index) => `PO-${prefix},${prefix}-${index + 1},${PRODUCT}\n`,
  );
  return `order,serial,product\n${rows.join('')}`;
}
