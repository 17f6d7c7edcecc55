import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { usageOf } from './process-usage.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { startLine } from '../workers/all-in-one.ts';
import { ensureDemoCa } from '../line/ca.ts';
import { parseLineConfig } from '../line/config.ts';
import { installTemporalRuntime, openLineLog } from '../line/log.ts';
import { logPath, temporalFolder, tileFilePath, virtualLineFolder } from '../line/state-folder.ts';
import { connectClient } from '../temporal/connection.ts';
import { connectWorkers } from '../temporal/worker-connection.ts';
import { readServerRecord } from '../temporal/server/server-record.ts';
import { openTemporalServer } from '../temporal/server/open-temporal-server.ts';

/*
 * Units per second of the whole pipeline on zero-latency boards, beside a bare child workflow with five empty activities,
 * on the same server in the same run. The ratio is the figure; run with `npm run bench:pipeline [units]`.
 */
const UNITS = Number(process.argv[2] ?? 300);
const WARM_UP = 60;
const STATIONS = 4;
const SOCKETS = 8;
const WINDOW = STATIONS * SOCKETS;

const folder = mkdtempSync(join(tmpdir(), 'certline-bench-'));
const log = openLineLog(logPath(folder), 'bench');
installTemporalRuntime(log);
const server = await openTemporalServer({
  directory: temporalFolder(folder),
  searchAttributes: SEARCH_ATTRIBUTES,
  report: (line) => console.error(line),
});
const serverPid = readServerRecord(temporalFolder(folder))!.process.pid;

/** Runs a phase and returns its cost: CPU per unit and memory of each process. */
async function measured(
  what: string,
  pids: Record<string, number>,
  run: () => Promise<number>,
): Promise<number> {
  const before = Object.entries(pids).map(([name, pid]) => [name, pid, usageOf(pid)] as const);
  const unitsPerSecond = await run();
  const costs = before.map(([name, pid, { cpuMs }]) => {
    const now = usageOf(pid);
    return `${name} ${((now.cpuMs - cpuMs) / UNITS).toFixed(0)} ms CPU/unit, ${now.rssMiB.toFixed(0)} MiB`;
  });
  console.log(`${what}: ${unitsPerSecond.toFixed(1)} units/s; ${costs.join('; ')}`);
  return unitsPerSecond;
}

const own = { server: serverPid, 'this process': process.pid };
try {
  await bare('warm-up', WARM_UP);
  const before = await measured('bare', own, () => bare('before', UNITS));
  const pipeline = await provision(UNITS);
  const after = await measured('bare again', own, () => bare('after', UNITS));
  const floor = (before + after) / 2;
  console.log(`${cpus().length} cores, node ${process.version}, ${UNITS} units, ${WINDOW} under way`);
  console.log(
    `bare child workflow, 5 empty activities: ${before.toFixed(1)} and ${after.toFixed(1)} units/s`,
  );
  console.log(`Certline on zero-latency boards:         ${pipeline.toFixed(1)} units/s`);
  console.log(`ratio: ${(pipeline / floor).toFixed(2)}`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Units per second of the bare workflow. */
async function bare(run: string, units: number): Promise<number> {
  const connection = await connectWorkers(server);
  const client = await connectClient(server);
  const nothing = async (): Promise<void> => undefined;
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue: 'bare',
    workflowsPath: new URL('./bare-workflows.ts', import.meta.url).pathname,
    activities: {
      generateKeypair: nothing,
      signCertificate: nothing,
      flashCredentials: nothing,
      verifyReadback: nothing,
      registerDevice: nothing,
    },
    maxCachedWorkflows: 300,
  });
  const seconds = await worker.runUntil(async () => {
    const begin = performance.now();
    const args: [object] = [{ run, units, window: WINDOW }];
    await client.client.workflow.execute('bareChunk', { workflowId: `bare/${run}`, taskQueue: 'bare', args });
    return (performance.now() - begin) / 1_000;
  });
  await client.connection.close();
  await connection.close();
  return units / seconds;
}

/** Units per second of the line, from the manifest's acceptance to the end of its batch. */
async function provision(units: number): Promise<number> {
  const stations = Array.from({ length: STATIONS }, (_, index) => ({
    id: `st-${index + 1}`,
    sockets: Array.from({ length: SOCKETS }, (__, socket) => String(socket + 1)),
  }));
  const boards = await startBoards(stations);
  const inbox = join(folder, 'inbox');
  const config = parseLineConfig(
    {
      inbox,
      unitsInFlight: 2 * WINDOW,
      products: [{ name: 'golioth-node', organization: 'certline-bench' }],
      stations: stations.map(({ id, sockets }) => ({
        id,
        signaturesPerMinute: 1_000_000,
        sockets: sockets.map((socket) => ({
          id: socket,
          port: join(virtualLineFolder(folder), 'ports', `${id}-${socket}`),
          product: 'golioth-node',
        })),
      })),
    },
    'bench',
    folder,
  );
  const ca = await ensureDemoCa(folder);
  const line = await startLine({ config, stateFolder: folder, ca, server, log, rehearsal: true });
  try {
    await lot(line, inbox, 'warm-up', WARM_UP);
    const pids = { ...own, 'virtual boards': boards.pid };
    return await measured('pipeline', pids, () => lot(line, inbox, 'lot', units));
  } finally {
    await line.stop();
    await boards.stop();
  }
}

async function lot(
  line: Awaited<ReturnType<typeof startLine>>,
  inbox: string,
  name: string,
  units: number,
): Promise<number> {
  const prefix = name.toUpperCase();
  const rows = Array.from(
    { length: units },
    (_, index) => `PO-${prefix},${prefix}-${index + 1},golioth-node\n`,
  );
  mkdirSync(inbox, { recursive: true });
  writeFileSync(join(inbox, `${name}.csv`), `order,serial,product\n${rows.join('')}`);
  for (;;) {
    const batch = (await line.registry.listBatches()).find(
      (candidate) => candidate.manifest === `${name}.csv`,
    );
    if (batch?.startedAt !== undefined && batch.closedAt !== undefined) {
      const { passed } = await line.registry.batchSummary(batch.batchId);
      if (passed !== units) throw new Error(`only ${passed} of ${units} units passed`);
      return (units * 1_000) / (Date.parse(batch.closedAt) - Date.parse(batch.startedAt));
    }
    await sleep(50);
  }
}

async function startBoards(
  stations: readonly { id: string; sockets: string[] }[],
): Promise<{ pid: number; stop(): Promise<void> }> {
  const lineFile = join(folder, 'virtual-line.json');
  const described = stations.map((station) => ({ ...station, tileFile: tileFilePath(folder, station.id) }));
  writeFileSync(
    lineFile,
    JSON.stringify({ directory: virtualLineFolder(folder), speed: 'instant', stations: described }),
  );
  const simulator = new URL('../simulator/simulate.ts', import.meta.url).pathname;
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
