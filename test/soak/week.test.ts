import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { logPath } from '../../line/state-folder.ts';
import { violations } from '../end-to-end/invariants.ts';
import { rowsOf } from '../end-to-end/line-evidence.ts';
import { dropInto, manifest } from '../end-to-end/line-rig.ts';
import { devServer, RolesRig, ROLES } from '../end-to-end/roles-rig.ts';
import { RandomSeries, seedOfRun } from '../signer-load/random-series.ts';
import { houseWithStep } from '../support/house-with-step.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startMutualTlsRelay } from '../temporal/mutual-tls-relay.ts';
import type { Lot } from './lot.ts';
import { lotIsQuiet, settle } from './settle-lot.ts';

/*
 * A week of a line whose roles are processes, without its idle hours. The clock itself cannot be faster: the Temporal server is a Go
 * program, which takes its time past every library, and the signer refuses a clock that differs from the server's.
 * Each day: seven lots (eight on the last one); logs are rotated as logrotate does it; the roles' client certificates are replaced on
 * disk, and those of before are refused from then on; certificates of two delivered boards are renewed. In the middle of the fourth
 * day's lots each role is upgraded to a version whose units take one more step, and the rest of the week runs on it. What each process
 * has alive in its heap, has open, and has in its folder is counted each evening.
 */
const DAYS = 7;
/** The name in the client certificate of each day. */
const CREDENTIALS = Array.from({ length: DAYS }, (_, at) => `day-${at + 1}`);
const LOTS_A_DAY = 7;
const LOTS = 50;
const UNITS = 8;
const UPGRADE_DAY = 4;
const PATIENCE_MS = 180_000;
const MIB = 2 ** 20;
const REPLACED = 'the credentials for the Temporal server were replaced';
/** Code that is compiled late and caches that fill; a leak of 1 kB a unit over three days would be smaller, one of 30 kB is not. */
const HEAP_TOLERANCE_MIB = 5;
/** A connection that is just being replaced. */
const HANDLES_TOLERANCE = 2;

/** What is in a folder, without the copies of manifests, of which each lot has one that stays. */
function filesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((name) => !/^manifests\/[0-9a-f]{64}\.csv$/.test(name)).toSorted();
}

interface Evening {
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly handles: number;
  readonly threads: number;
  readonly files: readonly string[];
}

it(
  `a week of ${LOTS} lots, with rotation, renewal and an upgrade, leaves nothing behind`,
  { timeout: 3_600_000 },
  async () => {
    const folder = temporaryFolder();
    const heaps = temporaryFolder();
    const server = await devServer(folder);
    onTestFinished(() => server.stop());
    const { TEMPORAL_ADDRESS: address } = server.environmentOf('orchestrator');
    const relay = await startMutualTlsRelay(address!, 'default', ['day-0', ...CREDENTIALS]);
    const reports = `--disable-warning=ExperimentalWarning --import=${join(import.meta.dirname, 'report-heap.ts')}`;
    const environmentOf = () => ({ ...relay.environment, NODE_OPTIONS: reports, HEAP_FOLDER: heaps });
    const rig = await RolesRig.start({
      server: { environmentOf, stop: async () => undefined },
      hasOwnBoards: true,
    });
    onTestFinished(() => rig.end());
    const connection = await Connection.connect({ address: address! });
    onTestFinished(() => connection.close());
    const client = new Client({ connection });
    const random = new RandomSeries(seedOfRun());
    const nextVersion = join(
      houseWithStep(`if (patched('next-week')) await nextSleep(1);`),
      'cli/certline.ts',
    );

    const lots: Lot[] = [];
    const evenings = new Map<string, Evening[]>();
    for (let day = 1; day <= DAYS; day++) {
      const begun = performance.now();
      const count = day === DAYS ? LOTS - lots.length : LOTS_A_DAY;
      const names = Array.from({ length: count }, (_, at) => `day-${day}-lot-${at + 1}`);
      for (const name of names)
        dropInto(rig.inbox, `${name}.csv`, manifest(UNITS, 'PO-1', name.toUpperCase()));
      await until('the first units of the day pass', () => rig.passed > lots.length * UNITS, PATIENCE_MS);
      rotateLogs();
      relay.present(`day-${day}`);
      if (day === UPGRADE_DAY)
        for (const role of ['signer', 'st-1', 'st-2', 'orchestrator'])
          expect(await rig.upgrade(role, nextVersion)).toBe(0);
      const expected = (lots.length + count) * UNITS;
      await until('all of the day have passed', () => rig.passed === expected, PATIENCE_MS);
      const today = names.map((name) => lotOf(name));
      lots.push(...today);
      await renewCertificates(today[0]!);
      for (const lot of today) await until('it is quiet', () => lotIsQuiet(lot), PATIENCE_MS);
      await expireCredentials(day);
      for (const role of ROLES) await lookAt(role);
      const seconds = Math.round((performance.now() - begun) / 1_000);
      process.stdout.write(`day ${day}: ${seconds} s; ${ROLES.map((role) => inWords(role)).join('; ')}\n`);
    }

    expect(await rig.down()).toEqual(Object.fromEntries(ROLES.map((role) => [role, 0])));
    expect(violations(rig.places)).toEqual([]);
    expect(lots).toHaveLength(LOTS);
    for (const role of ROLES) {
      const [upgraded, ...rest] = evenings.get(role)!.slice(UPGRADE_DAY - 1);
      const last = rest.at(-1)!;
      expect.soft(last.heapMiB - rest[0]!.heapMiB, `heap of ${role}`).toBeLessThan(HEAP_TOLERANCE_MIB);
      expect.soft(last.handles - rest[0]!.handles, `open of ${role}`).toBeLessThanOrEqual(HANDLES_TOLERANCE);
      expect.soft(last.threads - rest[0]!.threads, `threads of ${role}`).toBeLessThanOrEqual(1);
      expect.soft(last.files, `files of ${role}`).toEqual(upgraded!.files);
    }

    function lotOf(name: string): Lot {
      const sql = `SELECT batch_id AS batchId FROM batches WHERE manifest = '${name}.csv'`;
      const { batchId } = rowsOf<{ batchId: string }>(rig.places.registry, sql)[0]!;
      const serials = Array.from(
        { length: UNITS },
        (_, at) => `${name.toUpperCase()}-${String(at + 1).padStart(6, '0')}`,
      );
      return { client, rig, random, batchId, serials };
    }

    /** The certificate of the day before expires once each role uses the new one. */
    async function expireCredentials(day: number): Promise<void> {
      for (const role of ROLES)
        await until(
          `${role} uses its new credentials`,
          () => day === UPGRADE_DAY || readFileSync(logPath(rig.stateOf(role)), 'utf8').includes(REPLACED),
          60_000,
        );
      relay.expire(`day-${day - 1}`);
    }

    function rotateLogs(): void {
      for (const role of ROLES) {
        const path = logPath(rig.stateOf(role));
        renameSync(path, `${path}.1`);
        process.kill(rig.pids[role]!, 'SIGHUP');
      }
    }

    async function renewCertificates(lot: Lot): Promise<void> {
      const list = join(folder, 'renew.txt');
      writeFileSync(list, lot.serials.slice(0, 2).join('\n'));
      const said = ['--kind', 'renew', '--reason', 'the week', '--by', 'A. Berg'];
      await rig.runCertline('orchestrator', 'rework', 'create', '--serials', list, ...said);
      expect(await settle(lot, PATIENCE_MS)).toEqual([]);
    }

    async function lookAt(role: string): Promise<void> {
      const pid = rig.pids[role]!;
      const report = join(heaps, String(pid));
      rmSync(report, { force: true });
      process.kill(pid, 'SIGUSR2');
      await until(`${role} reports its heap`, () => existsSync(report), 60_000);
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const evening: Evening = {
        heapMiB: Number(readFileSync(report, 'utf8')) / MIB,
        rssMiB: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1_024,
        handles: readdirSync(`/proc/${pid}/fd`).length,
        threads: Number(/Threads:\s+(\d+)/.exec(status)?.[1]),
        files: filesIn(rig.stateOf(role)),
      };
      evenings.set(role, [...(evenings.get(role) ?? []), evening]);
    }

    function inWords(role: string): string {
      const { heapMiB, rssMiB, handles, threads, files } = evenings.get(role)!.at(-1)!;
      return `${role} ${heapMiB.toFixed(1)} MiB alive of ${rssMiB.toFixed(0)}, ${handles} open, ${threads} threads, ${files.length} files`;
    }
  },
);
