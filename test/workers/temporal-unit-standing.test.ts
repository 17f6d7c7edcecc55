import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure, defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { pino } from 'pino';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import type { UnitStanding } from '../../fixtures/station/unit-standing.ts';
import type { UnitReport } from '../../provisioning/unit.ts';
import { temporalUnitStanding } from '../../workers/temporal-unit-standing.ts';
import { testServer } from '../support/temporal-server.ts';
import { until } from '../support/until.ts';

type Command = temporal.api.command.v1.ICommand;
const { CommandType } = temporal.api.enums.v1;

const OWN = 'aa'.repeat(32);
const BOARD = 'b01';

let client: Client;
let namespace: string;
let units: UnitStanding;
beforeAll(async () => {
  const server = await testServer();
  ({ namespace } = server);
  client = new Client({ connection: await Connection.connect({ address: server.address }), namespace });
  units = temporalUnitStanding(client, pino({ enabled: false }));
});
afterAll(() => client.connection.close());

const standing = (serial: string, certificateSha256 = OWN, boardId = BOARD) =>
  units.standing({ serial, certificateSha256, boardId });

async function start(serial: string, type = 'unit', options: { certificateSha256?: string } = {}) {
  return await client.workflow.start(type, {
    workflowId: `unit/${serial}`,
    taskQueue: serial,
    memo: { ...options },
  });
}

/** Plays the worker of one workflow task. */
async function answer(serial: string, command: Command): Promise<void> {
  const service = client.workflowService;
  // The server refuses a poll that may wait for ever.
  const { taskToken } = await client.withDeadline(Date.now() + 30_000, () =>
    service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: serial } }),
  );
  await service.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [command] });
}

const report = (change: Partial<UnitReport> = {}): UnitReport => ({
  serial: 'CL-1',
  outcome: 'PASS',
  attempts: 1,
  fingerprint: OWN,
  boardId: BOARD,
  ...change,
});

const completed = (result: UnitReport | null): Command => ({
  commandType: CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION,
  completeWorkflowExecutionCommandAttributes: {
    result: { payloads: [defaultPayloadConverter.toPayload(result)] },
  },
});

const failed = (details: UnitReport[]): Command => ({
  commandType: CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
  failWorkflowExecutionCommandAttributes: {
    failure: defaultFailureConverter.errorToFailure(
      ApplicationFailure.create({ type: 'SCRAPPED', message: 'ended', nonRetryable: true, details }),
      defaultPayloadConverter,
    ),
  },
});

const CANCELLED: Command = {
  commandType: CommandType.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION,
  cancelWorkflowExecutionCommandAttributes: {},
};

describe('how the unit of a certificate stands, by what Temporal has of it', () => {
  it.each<[string, string, Command]>([
    ['it passed with it', 'passed', completed(report())],
    [
      'it passed with it, in an earlier version',
      'passed',
      completed({ serial: 'CL-1', outcome: 'PASS', attempts: 1, fingerprint: OWN }),
    ],
    ['it passed with it on another board', 'counterfeit', completed(report({ boardId: 'b02' }))],
    ['it passed with another certificate', 'closed', completed(report({ fingerprint: 'bb'.repeat(32) }))],
    ['it was scrapped in a rework', 'closed', completed(report({ outcome: 'FAIL' }))],
    ['it ended without a pass', 'closed', failed([report({ outcome: 'HOLD' })])],
    ['it was stopped by an error of its own', 'unknown', failed([])],
    ['it completed, and says nothing', 'unknown', completed(null)],
  ])('%s: %s', async (what, expected, command) => {
    const serial = what.replaceAll(/\W+/g, '-');
    await start(serial);
    expect(await standing(serial)).toBe('open');
    await answer(serial, command);
    await until('it has ended', async () => (await standing(serial)) !== 'open');
    expect(await standing(serial)).toBe(expected);
  });

  it('under way in a rework: only the certificate to replace is of it', async () => {
    await start('CL-R', 'reworkUnit', { certificateSha256: OWN });
    expect([await standing('CL-R'), await standing('CL-R', 'bb'.repeat(32))]).toEqual(['rework', 'open']);
    expect(await units.isReworked('CL-R')).toBe(true);
  });

  it.each([
    ['unit', 'closed'],
    ['reworkUnit', 'unknown'],
  ])('cancelled as a %s: %s', async (type, expected) => {
    const serial = `cancelled-${type}`;
    await (await start(serial, type)).cancel();
    await answer(serial, CANCELLED);
    expect(await standing(serial)).toBe(expected);
  });

  it('terminated, after it had passed: unknown, and under way no more', async () => {
    await start('CL-T');
    await answer('CL-T', completed(report()));
    expect(await standing('CL-T')).toBe('passed');
    await (await start('CL-T', 'reworkUnit')).terminate();
    expect(await standing('CL-T')).toBe('unknown');
    expect(await units.isReworked('CL-T')).toBe(false);
    expect(await units.holds('CL-T', BOARD)).toBe(false);
  });

  it('not there any more: unknown', async () => {
    expect(await standing('CL-G')).toBe('unknown');
  });
});
