import type { ConnectionLike } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { workerPresence } from '../../temporal/worker-presence.ts';

const at = (seconds: number): { seconds: number; nanos: number } => ({ seconds, nanos: 0 });

interface Report {
  readonly pid: string;
  readonly seconds: number;
  readonly status?: number;
  /** Seconds since the report before; 10 if it is not said, undefined for a first one. */
  readonly pause?: number | undefined;
}

function pauseOf(report: Report): object | undefined {
  const pause = 'pause' in report ? report.pause : 10;
  return pause === undefined ? undefined : at(pause);
}

/** A server with these reports of worker `signer`, one a page, and this poller; undefined: it takes no reports. */
function serverWith(reports: readonly Report[] | undefined, polledAt: number | undefined): ConnectionLike {
  const workflowService = {
    describeNamespace: async () => ({
      namespaceInfo: { capabilities: { workerHeartbeats: reports !== undefined } },
    }),
    listWorkers: async ({ nextPageToken }: { nextPageToken: Uint8Array }) => {
      const page = nextPageToken[0] ?? 0;
      const report = reports?.[page];
      if (reports === undefined) throw new Error('UNIMPLEMENTED');
      const workersInfo = report && [
        {
          workerHeartbeat: {
            workerIdentity: 'signer',
            taskQueue: 'signer',
            startTime: at(50),
            heartbeatTime: at(report.seconds),
            status: report.status ?? 1,
            elapsedSinceLastHeartbeat: pauseOf(report),
            hostInfo: { hostName: 'ca-host', processId: report.pid },
          },
        },
      ];
      const next = page + 1 < reports.length ? [page + 1] : [];
      return { workersInfo, nextPageToken: Uint8Array.from(next) };
    },
    describeTaskQueue: async ({ taskQueueType }: { taskQueueType: number }) => ({
      pollers:
        taskQueueType === 2 && polledAt !== undefined
          ? [{ identity: 'signer', lastAccessTime: at(polledAt) }]
          : [],
    }),
  };
  return { workflowService } as unknown as ConnectionLike;
}

const presence = (connection: ConnectionLike) => workerPresence(connection, 'default', ['signer']);

describe('workers that the server has seen', () => {
  it('are known by the last report of each process where the server takes reports, from all pages', async () => {
    const reports = [
      { pid: '1', seconds: 100 },
      { pid: '2', seconds: 200 },
      { pid: '1', seconds: 150 },
    ];
    const signer = { identity: 'signer', taskQueue: 'signer', hasStopped: false, silentAfterMs: 25_000 };
    expect(await presence(serverWith(reports, 120))).toEqual([
      { ...signer, lastSeenAt: new Date(150_000), host: 'ca-host', pid: 1, startedAt: new Date(50_000) },
      { ...signer, lastSeenAt: new Date(200_000), host: 'ca-host', pid: 2, startedAt: new Date(50_000) },
    ]);
  });

  it('are known by a poll that is later than their report', async () => {
    const workers = await presence(serverWith([{ pid: '1', seconds: 100 }], 120));
    expect(workers).toMatchObject([{ lastSeenAt: new Date(120_000), silentAfterMs: 25_000, pid: 1 }]);
  });

  it('are another process when they poll after the reports have ended, and judged by that poll', async () => {
    const [, worker] = await presence(serverWith([{ pid: '1', seconds: 100 }], 186));
    expect(worker).toMatchObject({ lastSeenAt: new Date(186_000), silentAfterMs: 150_000 });
    expect(worker).not.toHaveProperty('pid');
  });

  it.each([126, 131, 170, 185])(
    'are not another process by a poll that was open when the reports ended at 100 s, and itself ended at %i s',
    async (seconds) => {
      const workers = await presence(serverWith([{ pid: '1', seconds: 100 }], seconds));
      expect(workers).toMatchObject([{ lastSeenAt: new Date(100_000), silentAfterMs: 25_000, pid: 1 }]);
      expect(workers).toHaveLength(1);
    },
  );

  it.each([
    ['ended', 1, 186],
    ['ended in order', 3, 130],
  ])(
    'are asked for by the queue whose reports have %s, also when the caller does not know it',
    async (_, status, polledAt) => {
      const connection = serverWith([{ pid: '1', seconds: 100, status }], polledAt);
      const workers = await workerPresence(connection, 'default', []);
      expect(workers).toMatchObject([
        { pid: 1 },
        { lastSeenAt: new Date(polledAt * 1_000), silentAfterMs: 150_000 },
      ]);
    },
  );

  it('have stopped when their last report says so', async () => {
    const workers = await presence(serverWith([{ pid: '1', seconds: 100, status: 3 }], 90));
    expect(workers).toMatchObject([{ hasStopped: true }]);
  });

  it('are known by their polls alone where the server takes no reports, and called silent later', async () => {
    expect(await presence(serverWith(undefined, 130))).toMatchObject([
      { identity: 'signer', lastSeenAt: new Date(130_000), hasStopped: false, silentAfterMs: 150_000 },
    ]);
  });

  it.each([
    ['a worker of ours', 10, 25_000],
    ['one of ours that reports late', 14, 25_000],
    ['one that reports once a minute', 60, 150_000],
    ['one that has reported once', undefined, 25_000],
  ])('are called silent by how often they report: %s', async (_, pause, silentAfterMs) => {
    const workers = await presence(serverWith([{ pid: '1', seconds: 100, pause }], undefined));
    expect(workers).toMatchObject([{ silentAfterMs }]);
  });
});
