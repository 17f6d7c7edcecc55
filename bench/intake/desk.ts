// An intake on a state folder, without the rest of a factory line: takes in each manifest whose path it reads, one at a time,
// and says what each cost this process.
import { existsSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { usageOf } from '../process-usage.ts';
import { parseLineConfig } from '../../line/config.ts';
import { registryPath } from '../../line/state-folder.ts';
import { openRegistryFile } from '../../registry/record/open-registry.ts';
import { startIntake } from '../../workers/intake.ts';

/** What a manifest cost: seconds of CPU and of the clock, MB at the most and afterwards, above those before it. */
export interface DeskFigures {
  readonly cpu: number;
  readonly seconds: number;
  readonly peakMb: number;
  readonly keptMb: number;
}

const [folder = ''] = process.argv.slice(2);
const inbox = join(folder, 'inbox');
const registry = openRegistryFile(registryPath(folder));
const client = {
  workflow: {
    start: async () => undefined,
    execute: async () => ({ status: 'allowed', listed: false }),
  },
} as unknown as Client;
const products = [{ name: 'golioth-node', organization: 'bench' }];
const role = await startIntake({
  ...parseLineConfig({ inbox, products }, 'the bench', folder),
  socketProducts: undefined,
  stateFolder: folder,
  registryPlace: { stateFolder: folder, config: {} },
  registry,
  client,
  log: pino({ enabled: false }),
});

/** Puts the file into the drop folder as a copy that was complete before, and waits for its answer. */
async function drop(path: string): Promise<DeskFigures> {
  const name = `${performance.now()}`;
  utimesSync(path, 1_700_000_000, 1_700_000_000);
  globalThis.gc?.();
  const before = usageOf(process.pid);
  const startMs = performance.now();
  let peak = before.rssMiB;
  renameSync(path, join(inbox, `${name}.csv`));
  while (!existsSync(join(inbox, `${name}.accepted.json`))) {
    if (existsSync(join(inbox, `${name}.rejected.csv`))) throw new Error(`${path} was refused`);
    await sleep(200);
    peak = Math.max(peak, usageOf(process.pid).rssMiB);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const cpu = (usageOf(process.pid).cpuMs - before.cpuMs) / 1_000;
  await sleep(2_000);
  const after = usageOf(process.pid).rssMiB;
  return { cpu, seconds, peakMb: peak - before.rssMiB, keptMb: after - before.rssMiB };
}

for await (const path of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await drop(path))}\n`);
await role.stop();
await registry.close();
