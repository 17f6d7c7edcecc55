import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';
import { startVirtualPlant } from './pipeline/virtual-plant.ts';
import { usageOf } from './process-usage.ts';
import { SEARCH_ATTRIBUTES } from '../provisioning/search-attributes.ts';
import { installTemporalRuntime, openLineLog } from '../line/log.ts';
import { logPath, temporalFolder } from '../line/state-folder.ts';
import { connectClient } from '../temporal/connection.ts';
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
  const connection = await NativeConnection.connect(server.connectionOptions);
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
  const plant = await startVirtualPlant(folder, server, log, { stations: STATIONS, sockets: SOCKETS });
  try {
    await plant.lot('warm-up', WARM_UP);
    const pids = { ...own, 'virtual boards': plant.boardsPid };
    return await measured('pipeline', pids, async () => {
      const batch = await plant.lot('lot', units);
      return (units * 1_000) / (Date.parse(batch.closedAt!) - Date.parse(batch.startedAt!));
    });
  } finally {
    await plant.stop();
  }
}
