// What a server of Temporal lists of workers: the dead stay in its list for five minutes.
import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { REGISTRY_QUEUE, SIGNER_QUEUE, WORKFLOW_QUEUE } from '../../provisioning/task-queues.ts';
import { roleStandings } from '../../temporal/role-standings.ts';
import { RoleNotices } from '../../workers/role-notices.ts';

interface Process {
  readonly host: string;
  readonly pid: number;
  /** Seconds ago. */
  readonly started: number;
  readonly reported: number;
  readonly hasStopped?: true;
}

const ago = (seconds: number): object => ({ seconds: Date.now() / 1_000 - seconds, nanos: 0 });

function reportsOf(identity: string, queues: readonly string[], processes: readonly Process[]): object[] {
  return queues.flatMap((taskQueue) =>
    processes.map(({ host, pid, started, reported, hasStopped }) => ({
      workerHeartbeat: {
        workerIdentity: identity,
        taskQueue,
        startTime: ago(started),
        heartbeatTime: ago(reported),
        status: hasStopped === true ? 3 : 1,
        hostInfo: { hostName: host, processId: String(pid) },
        elapsedSinceLastHeartbeat: { seconds: 10 },
      },
    })),
  );
}

/** A line with these orchestrators, these signers and no station. */
function lineOf(orchestrators: readonly Process[], signers: readonly Process[], polled?: number): Client {
  const workersInfo = [
    ...reportsOf('orchestrator', [WORKFLOW_QUEUE, REGISTRY_QUEUE], orchestrators),
    ...reportsOf('signer', [SIGNER_QUEUE], signers),
  ];
  const workflowService = {
    describeNamespace: async () => ({ namespaceInfo: { capabilities: { workerHeartbeats: true } } }),
    listWorkers: async () => ({ workersInfo }),
    describeTaskQueue: async ({ taskQueue }: { taskQueue: { name: string } }) => ({
      pollers:
        polled !== undefined && taskQueue.name === SIGNER_QUEUE
          ? [{ identity: 'signer', lastAccessTime: ago(polled) }]
          : [],
    }),
  };
  return { connection: { workflowService }, options: { namespace: 'x' } } as unknown as Client;
}

const A: Process = { host: 'host-a', pid: 1, started: 900, reported: 3 };
const B_LOST: Process = { host: 'host-b', pid: 2, started: 900, reported: 120 };

async function seen(client: Client): Promise<string[]> {
  const standings = await roleStandings(client, []);
  return standings.map(
    ({ role, state, host, pid, isFurther }) =>
      `${isFurther ? 'further ' : ''}${role} ${state} ${host} ${pid}`,
  );
}

const signers = async (...processes: readonly Process[]) =>
  (await seen(lineOf([A], processes))).filter((each) => each.includes('signer'));

describe('a role with several processes', () => {
  it('names each one that fell silent while another works', async () => {
    expect(await seen(lineOf([A, B_LOST], [{ ...A, pid: 3 }, B_LOST]))).toEqual([
      'orchestrator polling host-a 1',
      'further orchestrator silent host-b 2',
      'intake polling host-a 1',
      'signer polling host-a 3',
      'further signer silent host-b 2',
    ]);
  });

  it('names one on the same host too, also after others came and went in its place', async () => {
    const second = { ...B_LOST, host: 'host-a' };
    expect(await signers(A, second)).toEqual(['signer polling host-a 1', 'further signer silent host-a 2']);
  });

  it('does not count one that was started again, however often, there or elsewhere', async () => {
    const again = { host: 'host-b', pid: 4, started: 100, reported: 90 };
    const third = { host: 'host-b', pid: 5, started: 60, reported: 4 };
    expect(await signers(A, B_LOST, again, third)).toEqual(['signer polling host-a 1']);
    expect(await signers(A, B_LOST, { ...third, host: 'host-c' })).toEqual(['signer polling host-a 1']);
    expect(await signers(B_LOST, again, third)).toEqual(['signer polling host-b 5']);
  });

  it('counts the one that is missing where two died and one came back', async () => {
    const died = { ...A, reported: 100 };
    const back = { host: 'host-a', pid: 6, started: 50, reported: 2 };
    expect(await signers(died, B_LOST, back)).toEqual([
      'signer polling host-a 6',
      'further signer silent host-b 2',
    ]);
  });

  it('does not count one that said that it ends, and goes on as the other', async () => {
    const ended = { host: 'host-b', pid: 2, started: 900, reported: 1, hasStopped: true } as const;
    expect(await signers(A, ended)).toEqual(['signer polling host-a 1']);
    expect(await signers({ ...A, reported: 120 }, ended)).toEqual([
      'signer stopped host-b 2',
      'further signer silent host-a 1',
    ]);
  });

  it('counts a new one by its polls, before its first report', async () => {
    const found = await seen(lineOf([A], [B_LOST], 5));
    expect(found.filter((each) => each.includes('signer'))).toEqual(['signer polling undefined undefined']);
  });

  it('is reported once for each that is down', async () => {
    const notices = new RoleNotices();
    const see = async (client: Client, now: number) =>
      notices
        .see(await roleStandings(client, []), now)
        .map(({ data }) => `${String(data['role'])} ${String(data['host'])}`);
    const line = lineOf([A, B_LOST], [A, B_LOST]);
    expect(await see(line, 0)).toEqual([]);
    expect(await see(line, 25_000)).toEqual(['orchestrator host-b', 'signer host-b']);
    expect(await see(line, 50_000)).toEqual([]);
    expect(await see(lineOf([A], [{ ...A, reported: 100 }, B_LOST]), 60_000)).toEqual([]);
    expect(await see(lineOf([A], [{ ...A, reported: 100 }, B_LOST]), 90_000)).toEqual(['signer host-a']);
  });
});
