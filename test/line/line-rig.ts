import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { destination, pino } from 'pino';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { VirtualLine } from '../../simulator/virtual-line.ts';
import type { PlannedFault } from '../../simulator/virtual-line.ts';
import { startLine } from '../../workers/all-in-one.ts';
import type { Line } from '../../workers/all-in-one.ts';
import { ensureDemoCa } from '../../workers/line-ca.ts';
import { parseLineConfig } from '../../workers/line-config.ts';
import { logPath, virtualLineFolder } from '../../workers/state-folder.ts';
import type { TemporalServer } from '../../workers/temporal-server/temporal-server.ts';
import { testServer } from '../temporal-server.ts';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

export const STATIONS = [
  { id: 'st-1', sockets: ['1', '2', '3', '4'] },
  { id: 'st-2', sockets: ['1', '2', '3', '4'] },
];

/** A whole line in this process, on a real server, with virtual boards behind real ports. */
export interface LineRig {
  readonly folder: string;
  readonly inbox: string;
  readonly boards: VirtualLine;
  readonly server: TemporalServer;
  readonly line: Line;
  drop(name: string, csv: string): void;
  end(): Promise<void>;
}

export async function startLineRig(
  options: { faults?: PlannedFault[]; stations?: typeof STATIONS } = {},
): Promise<LineRig> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-line-'));
  const stations = options.stations ?? STATIONS;
  const inbox = join(folder, 'inbox');
  const boards = await VirtualLine.start({
    directory: virtualLineFolder(folder),
    stations,
    speed: 'instant',
    faults: options.faults ?? [],
  });
  const { address, namespace, connectionOptions } = await testServer(SEARCH_ATTRIBUTES);
  const server: TemporalServer = {
    address,
    namespace,
    connectionOptions,
    uiUrl: undefined,
    source: 'test',
    owned: false,
    stop: async () => undefined,
  };
  const config = parseLineConfig(
    {
      inbox,
      products: [{ name: 'golioth-node', organization: 'certline-test' }],
      stations: stations.map(({ id, sockets }) => ({
        id,
        sockets: sockets.map((socket) => ({
          id: socket,
          port: boards.portPath(id, socket),
          product: 'golioth-node',
        })),
      })),
    },
    'the rig',
    folder,
  );
  const log = pino(destination({ dest: logPath(folder), sync: true, mkdir: true }));
  const line = await startLine({ config, stateFolder: folder, ca: await ensureDemoCa(folder), server, log });
  return {
    folder,
    inbox,
    boards,
    server,
    line,
    drop: (name, csv) => {
      mkdirSync(inbox, { recursive: true });
      writeFileSync(join(inbox, `.${name}`), csv);
      renameSync(join(inbox, `.${name}`), join(inbox, name));
    },
    end: async () => {
      await line.stop();
      await boards.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A manifest of `count` units. */
export function manifest(count: number, order = 'PO-1', prefix = 'CL'): string {
  const rows = Array.from(
    { length: count },
    (_, index) => `${order},${prefix}-${String(index + 1).padStart(6, '0')},golioth-node\n`,
  );
  return `order,serial,product\n${rows.join('')}`;
}
