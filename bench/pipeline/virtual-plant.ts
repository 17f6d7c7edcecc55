import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ensureDemoCa } from '../../line/ca.ts';
import { Monitor } from '../../monitoring/monitor.ts';
import type { BatchRecord } from '../../registry/registry.ts';
import type { TemporalServer } from '../../temporal/server/temporal-server.ts';
import { startLine } from '../../workers/all-in-one.ts';
import { manifestOf, plantConfig, startBoards } from './virtual-boards.ts';
import type { PlantSize } from './virtual-boards.ts';

/** A whole line in this process, on virtual boards without latency in a process of their own. */
export interface VirtualPlant {
  readonly boardsPid: number;
  /** Drops a lot; resolves when its batch has ended. Throws where not every unit passed. */
  lot(name: string, units: number): Promise<BatchRecord>;
  stop(): Promise<void>;
}

export async function startVirtualPlant(
  folder: string,
  server: TemporalServer,
  log: Logger,
  size: PlantSize,
): Promise<VirtualPlant> {
  const config = plantConfig(folder, size);
  mkdirSync(config.inbox, { recursive: true });
  const boards = await startBoards(folder, size);
  const ca = await ensureDemoCa(folder);
  const monitor = new Monitor();
  const line = await startLine({ config, stateFolder: folder, ca, server, monitor, log, rehearsal: true });
  const closedBatch = async (name: string): Promise<BatchRecord> => {
    for (;;) {
      const batches = await line.registry.listBatches();
      const batch = batches.find(({ manifest }) => manifest === `${name}.csv`);
      if (batch?.closedAt !== undefined) return batch;
      await sleep(50);
    }
  };
  return {
    boardsPid: boards.pid,
    lot: async (name, units) => {
      writeFileSync(join(config.inbox, `${name}.csv`), manifestOf(name.toUpperCase(), units));
      const batch = await closedBatch(name);
      const { passed } = await line.registry.batchSummary(batch.batchId);
      if (passed !== units) throw new Error(`only ${passed} of ${units} units passed`);
      return batch;
    },
    stop: async () => {
      await line.stop();
      await boards.stop();
    },
  };
}
