import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LineReport, LineTrouble } from '../../provisioning/line-trouble.ts';
import { BatchTeller } from '../../workers/batch-teller.ts';

const SILENT: LineTrouble = { code: 'STATION_UNREACHABLE', station: 'st-1', says: 'station st-1 is silent' };

let running: string[];
/** What each batch knows before, as its `progress` has it. */
let known: Record<string, readonly LineTrouble[]>;
let signals: [string, LineReport][];
let lists: number;
beforeEach(() => {
  [running, known, signals, lists] = [['batch/A'], {}, [], 0];
});

function newTeller(): BatchTeller {
  const workflow = {
    list: async function* () {
      lists++;
      for (const workflowId of running) yield { workflowId };
    },
    getHandle: (id: string) => ({
      query: async () => ({ trouble: known[id] ?? [] }),
      signal: async (_name: string, report: LineReport) => {
        if (id === 'batch/gone') throw new Error('it has just ended');
        signals.push([id, report]);
      },
    }),
  };
  const log = pino({ enabled: false });
  return new BatchTeller(
    { workflow } as unknown as Client,
    'roles',
    ({ socket }) => socket === undefined,
    log,
  );
}

describe('what is wrong with the line', () => {
  it('costs no signal while nothing is, and after the first round no call', async () => {
    const teller = newTeller();
    for (let round = 0; round < 5; round++) await teller.tell([]);
    expect([signals, lists]).toEqual([[], 1]);
  });

  it('is one signal to each batch when it changes, also to one that begins later', async () => {
    const teller = newTeller();
    for (let round = 0; round < 3; round++) await teller.tell([SILENT]);
    expect(signals).toEqual([['batch/A', { source: 'roles', trouble: [SILENT] }]]);
    running = ['batch/A', 'batch/gone', 'batch/B'];
    for (let round = 0; round < 3; round++) await teller.tell([SILENT]);
    expect(signals.slice(1)).toEqual([['batch/B', { source: 'roles', trouble: [SILENT] }]]);
    for (let round = 0; round < 3; round++) await teller.tell([]);
    expect(signals.slice(2).map(([id, { trouble }]) => [id, trouble])).toEqual([
      ['batch/A', []],
      ['batch/B', []],
    ]);
  });

  it('that an earlier process reported is taken back, and that of others is not', async () => {
    const other = { ...SILENT, code: 'SOCKET_SILENT', socket: '3' } as const;
    running = ['batch/A', 'batch/B'];
    known = { 'batch/A': [SILENT], 'batch/B': [other] };
    await newTeller().tell([]);
    expect(signals).toEqual([['batch/A', { source: 'roles', trouble: [] }]]);
  });
});
