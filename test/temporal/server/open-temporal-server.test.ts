import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTemporalServer } from '../../../temporal/server/open-temporal-server.ts';
import type { Patience } from '../../../temporal/server/patience.ts';
import { identifyProcess, isRunning, sendSignal } from '../../../temporal/program/process-identity.ts';
import { readServerRecord } from '../../../temporal/server/server-record.ts';
import type { ServerRecord } from '../../../temporal/server/server-record.ts';
import { findTemporalBinary } from '../../../temporal/program/temporal-binary.ts';
import type { TemporalServer } from '../../../temporal/server/temporal-server.ts';
import { runChild } from '../program/child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { writeScript } from './fake-temporal.ts';

const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')),
);
const THIRTY_DAYS_SECONDS = 30 * 24 * 60 * 60;

async function open(
  directory: string,
  lines: string[] = [],
  overrides: NodeJS.ProcessEnv = {},
  patience: Partial<Patience> = {},
): Promise<TemporalServer> {
  const server = await openTemporalServer({
    directory,
    searchAttributes: { LineSerial: 'Keyword', LineAttempts: 'Int', LineStart: 'Datetime' },
    report: (line) => lines.push(line),
    environment: { ...environment, ...overrides },
    patience: { adoptMs: 5_000, stopMs: 500, ...patience },
  });
  onTestFinished(server.stop);
  return server;
}

async function withClient<T>(
  server: Pick<TemporalServer, 'address'>,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

function recordIn(directory: string): ServerRecord {
  const record = readServerRecord(directory);
  if (record === undefined) throw new Error(`no record in ${directory}`);
  return record;
}

describe('a server of our own', () => {
  it('has retention, search attributes, UI, database and log, and ends with stop', async () => {
    const directory = temporaryFolder();
    const report = (): void => undefined;
    const searchAttributes = { LineSerial: 'Keyword' } as const;
    const server = await openTemporalServer({ directory, environment, searchAttributes, report });
    onTestFinished(server.stop);
    expect(server).toMatchObject({ namespace: 'default', owned: true });
    expect(server.address).toMatch(/^127\.0\.0\.1:\d+$/);
    await withClient(server, async ({ connection }) => {
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(THIRTY_DAYS_SECONDS);
    });
    // The page and the greeting in the log come a moment after the frontend.
    const page = async (): Promise<string> => (await fetch(server.uiUrl ?? '')).text();
    await expect.poll(async () => page().catch(String), { timeout: 20_000 }).toContain('<html');
    expect(existsSync(join(directory, 'temporal.db-wal'))).toBe(true);
    await until('the server has logged its greeting', () =>
      readFileSync(join(directory, 'temporal-server.log'), 'utf8').includes('Server:'),
    );
    const { process: identity } = recordIn(directory);
    await Promise.all([server.stop(), server.stop()]);
    expect(isRunning(identity)).toBe(false);
    expect(readServerRecord(directory)).toBeUndefined();
  });

  it('has one partition for each task queue, unless its database was begun with more', async () => {
    const directory = temporaryFolder();
    const partitions = async (): Promise<string[]> => {
      const server = await open(directory);
      const command = readFileSync(`/proc/${recordIn(directory).process.pid}/cmdline`, 'utf8');
      await server.stop();
      return command.split('\0').filter((argument) => argument.includes('Partitions='));
    };
    const settings = ['Read', 'Write'].map(
      (act) => `--dynamic-config-value=matching.numTaskqueue${act}Partitions=1`,
    );
    expect(await partitions()).toEqual(settings);
    expect(await partitions()).toEqual(settings);
    // As a server of an earlier version leaves it.
    rmSync(join(directory, 'one-partition'));
    expect(await partitions()).toEqual([]);
    expect(await partitions()).toEqual([]);
  });

  it('takes free ports when the usual ones are taken, and the namespace of the environment', async () => {
    const blocker = createServer().listen(8233, '127.0.0.1');
    blocker.once('error', () => undefined);
    onTestFinished(() => void blocker.close());
    const server = await open(temporaryFolder(), [], { TEMPORAL_NAMESPACE: 'factory' });
    expect(server.address).not.toBe('127.0.0.1:7233');
    expect(server.namespace).toBe('factory');
    await withClient(server, async ({ connection }) => {
      const { config } = await connection.workflowService.describeNamespace({ namespace: 'factory' });
      expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(THIRTY_DAYS_SECONDS);
      const query = 'LineSerial = "1" AND LineAttempts > 1 AND LineStart > "2026-01-01T00:00:00Z"';
      const { count } = await connection.workflowService.countWorkflowExecutions({
        namespace: 'factory',
        query,
      });
      expect(Number(count)).toBe(0);
    });
  });

  it('is started again on other ports when one is taken while it starts', async () => {
    const directory = temporaryFolder();
    const real = await findTemporalBinary({ environment, report: () => undefined, signal: undefined });
    // As the real one says it: the ports it takes for its own services are in a chain of reasons, several KiB long.
    const reasons = 'could not build arguments for function '.repeat(200);
    const words = `{"level":"ERROR","msg":"${reasons}: listen tcp 127.0.0.1:1: bind: address already in use","at":"${reasons}"}`;
    writeScript(
      join(directory, 'bin'),
      'temporal',
      `[ "$1" = --version ] || [ -e tried ] && exec "${real.path}" "$@"; touch tried; echo '${words}'; exit 1`,
    );
    const server = await open(directory, [], { PATH: `${join(directory, 'bin')}:/usr/bin:/bin` });
    expect(existsSync(join(directory, 'tried'))).toBe(true);
    await withClient(server, async (client) => client.workflowService.getSystemInfo({}));
  });

  it('ends with its process when nobody stopped it', async () => {
    const directory = temporaryFolder();
    const child = runChild(new URL('./line.ts', import.meta.url), directory, environment);
    await child.nextLine();
    const { process: identity } = recordIn(directory);
    process.kill(child.pid, 'SIGUSR2');
    await until('the server has ended', () => !isRunning(identity));
    expect(readServerRecord(directory)).toBeUndefined();
  });
});

describe('after a crash', () => {
  it('of the line, the next one adopts the server that still runs', async () => {
    const directory = temporaryFolder();
    const child = runChild(new URL('./line.ts', import.meta.url), directory, environment);
    const first = JSON.parse(await child.nextLine()) as TemporalServer;
    const { process: identity } = recordIn(directory);
    await child.kill();
    expect(isRunning(identity)).toBe(true);
    const lines: string[] = [];
    const server = await open(directory, lines);
    expect(server).toMatchObject({ address: first.address, owned: true });
    expect(lines).toEqual([expect.stringContaining(`Taking over the Temporal server (pid ${identity.pid})`)]);
    await server.stop();
    expect(isRunning(identity)).toBe(false);
  });

  it('of the server, the loss is reported, and the next one has the same workflows at the same address', async () => {
    const directory = temporaryFolder();
    const lines: string[] = [];
    const first = await open(directory, lines);
    await withClient(first, async (client) =>
      client.workflow.start('unit', {
        workflowId: 'unit/1',
        taskQueue: 'nobody',
        searchAttributes: { LineSerial: ['1'] },
      }),
    );
    sendSignal(recordIn(directory).process, 'SIGKILL');
    await until('the loss is reported', () =>
      lines.some((line) => line.includes('ended by itself with signal SIGKILL')),
    );
    // As a killed line leaves it: the lock goes, the record stays.
    const left = readFileSync(join(directory, 'temporal-server.json'));
    await first.stop();
    writeFileSync(join(directory, 'temporal-server.json'), left);
    const second = await open(directory);
    expect(second.address).toBe(first.address);
    const { status } = await withClient(second, async (client) =>
      client.workflow.getHandle('unit/1').describe(),
    );
    expect(status.name).toBe('RUNNING');
  });

  it('a server that does not answer any more is replaced', async () => {
    const directory = temporaryFolder();
    const child = runChild(new URL('./line.ts', import.meta.url), directory, environment);
    await child.nextLine();
    const { process: identity, ports } = recordIn(directory);
    await child.kill();
    // The record is right about the process, and the address is dead.
    const record = { ...recordIn(directory), ports: { ...ports, frontend: 9 } };
    sendSignal(identity, 'SIGSTOP');
    writeFileSync(join(directory, 'temporal-server.json'), JSON.stringify(record));
    const lines: string[] = [];
    const server = await open(directory, lines, {}, { adoptMs: 500 });
    expect(lines[0]).toContain('does not answer; replacing it');
    expect(isRunning(identity)).toBe(false);
    expect(server.owned).toBe(true);
  });

  it('a process that merely has the recorded number is left alone', async () => {
    const directory = temporaryFolder();
    const self = identifyProcess(process.pid);
    const record = { process: { pid: process.pid, startedAt: `${self?.startedAt}0` }, ui: true, source: '' };
    writeFileSync(
      join(directory, 'temporal-server.json'),
      JSON.stringify({ ...record, ports: { frontend: 9, ui: 10 } }),
    );
    const server = await open(directory);
    expect(server.owned).toBe(true);
  });
});

describe('two on one state folder', () => {
  it('started together: one owns the server, the other joins it', async () => {
    const directory = temporaryFolder();
    const children = [1, 2].map(() =>
      runChild(new URL('./line.ts', import.meta.url), directory, environment),
    );
    const [one, two] = (await Promise.all(children.map(async (child) => child.nextLine()))).map(
      (line) => JSON.parse(line) as TemporalServer,
    );
    expect(one?.address).toBe(two?.address);
    expect(one?.owned).not.toBe(two?.owned);
    // This very process is a third; stopping what it does not own stops nothing.
    const third = await open(directory);
    await third.stop();
    await withClient(third, async (client) => client.workflowService.getSystemInfo({}));
    sendSignal(recordIn(directory).process, 'SIGTERM');
  });

  it('never two servers on one database, even when the record is lost', async () => {
    const directory = temporaryFolder();
    const child = runChild(new URL('./line.ts', import.meta.url), directory, environment);
    await child.nextLine();
    const { process: identity } = recordIn(directory);
    onTestFinished(() => sendSignal(identity, 'SIGKILL'));
    await child.kill();
    writeFileSync(join(directory, 'temporal-server.json'), '{"process":');
    await expect(open(directory)).rejects.toMatchObject({ code: 'TEMPORAL_DATABASE_IN_USE' });
    expect(isRunning(identity)).toBe(true);
  });
});

describe('a server that does not start', () => {
  it('is reported with its last log lines', async () => {
    const directory = temporaryFolder();
    const bin = join(directory, 'bin');
    const version = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';
    writeScript(
      bin,
      'temporal',
      `[ "$1" = --version ] && echo "${version}" || { echo "disk is full"; exit 1; }`,
    );
    const opening = open(directory, [], { PATH: `${bin}:/usr/bin:/bin` });
    await expect(opening).rejects.toMatchObject({
      code: 'TEMPORAL_START_FAILED',
      message: expect.stringMatching(/exit code 1; its last log lines: disk is full/) as string,
    });
  });

  it('because the database is garbage is reported with its last log lines, and the garbage stays', async () => {
    const directory = temporaryFolder();
    const garbage = 'no database '.repeat(1000);
    writeFileSync(join(directory, 'temporal.db'), garbage);
    await expect(open(directory)).rejects.toMatchObject({
      code: 'TEMPORAL_START_FAILED',
      message: expect.stringContaining('not a database') as string,
    });
    expect(readFileSync(join(directory, 'temporal.db'), 'utf8')).toBe(garbage);
  });

  it('because it was aborted leaves no process', async () => {
    const directory = temporaryFolder();
    const abort = new AbortController();
    const opening = openTemporalServer({
      directory,
      searchAttributes: {},
      environment,
      report: () => undefined,
      signal: abort.signal,
    });
    void until('the server is recorded', () => readServerRecord(directory) !== undefined).then(() =>
      abort.abort(),
    );
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' });
    expect(isRunning(recordIn(directory).process)).toBe(false);
    const again = await open(directory);
    expect(again.owned).toBe(true);
  });
});
