import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Tile } from '../../../fixtures/station/tile.ts';
import { openInbox } from '../../../manifests/intake/inbox.ts';
import { createIntake } from '../../../manifests/intake/intake.ts';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import type { Decision } from '../../../provisioning/decision.ts';
import type { UnitState } from '../../../provisioning/unit.ts';
import type { UnitRecord } from '../../../registry/registry.ts';
import { startBatchWorkflow } from '../../../workers/batch-start.ts';
import { tileFilePath } from '../../../line/state-folder.ts';
import { PRODUCT } from '../../workflows/rig.ts';
import { until } from '../../support/until.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';
import { json } from '../../support/certline.ts';
import { startAtTerminal } from '../../support/terminal.ts';

const progressOf = (bench: Bench): Promise<BatchProgress> =>
  bench.rig.client.workflow.getHandle('batch/PO-1').query<BatchProgress>('progress');

async function untilWaiting(bench: Bench, count: number): Promise<void> {
  await until(`${count} units wait`, async () => (await progressOf(bench)).attention.length === count);
}

describe('a batch with a bad board', () => {
  it('is watched until nothing moves, looked at, run again, and watched to its end', async () => {
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3'], ['CL-2']);
    const { place, bad } = bench;
    const waits = await place.certline('batch', 'watch', 'PO-1');
    expect(waits.status).toBe(1);
    expect(waits.stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^2\/3 passed · 0 under way · 1 need attention/,
    );
    expect(waits.stderr).toMatch(
      /^certline: 1 of 3 units did not pass: 1 waits for a decision, .*certline batch rerun PO-1/,
    );

    const shown = json(await place.certline('batch', 'show', 'PO-1', '--json'));
    expect(shown).toMatchObject({
      passed: 2,
      attention: 1,
      waiting: [{ serial: 'CL-2', code: 'BOARD_GONE' }],
    });
    const unit = json(await place.certline('unit', 'show', 'CL-2', '--json')) as UnitRecord & {
      live: { now: UnitState };
    };
    expect(unit.live.now).toMatchObject({ step: 'flashCredentials', attention: { code: 'BOARD_GONE' } });

    const none = await place.certline('batch', 'rerun', 'PO-1', '--code', 'SMP_TIMEOUT', 'SMP_CRC');
    expect(none).toMatchObject({
      status: 6,
      stdout: '',
      stderr: expect.stringContaining('no unit of this batch waits'),
    });

    bad.clear();
    const rerun = await place.certline(
      'batch',
      'rerun',
      'po',
      '--serial',
      'cl-2',
      'CL-1',
      '--code',
      'BOARD_GONE',
    );
    expect(rerun).toMatchObject({
      status: 0,
      stdout: '1 unit of the 2 named tries again: certline batch watch PO-1\n',
      stderr: '',
    });
    const through = await place.certline('batch', 'watch', 'PO-1', '--json');
    expect(through).toMatchObject({ status: 0, stderr: '' });
    expect(json(through)).toMatchObject([{ batchId: 'PO-1', passed: 3, attention: [] }]);
    expect(existsSync(join(place.inbox, 'lot.result.csv'))).toBe(true);

    for (const [command, says] of [
      ['rerun', 'none of its units waits for a decision; units that ended without a pass run again with'],
      ['pause', 'there is nothing to pause'],
      ['resume', 'there is nothing to resume'],
      ['window', 'no more units of it begin'],
      ['priority', 'no more units of it need a board'],
    ] as const) {
      const value = command === 'window' || command === 'priority' ? ['1'] : [];
      expect(await place.certline('batch', command, 'PO-1', ...value)).toMatchObject({
        status: 6,
        stderr: expect.stringContaining(`Batch PO-1 has ended (completed), so ${says}`),
      });
    }
  });

  it('shows bar and sockets on a terminal', async () => {
    const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
    const path = tileFilePath(bench.place.state, 'st-9');
    const tile: Tile = {
      socket: 'A1',
      port: '/dev/x',
      state: 'hold',
      boardId: null,
      serial: 'CL-2',
      step: null,
      code: null,
      instruction: '',
    };
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify({ station: 'st-9', updatedAt: '', sockets: [tile] }));
    const watching = startAtTerminal(bench.place, ['batch', 'watch', 'PO-1']);
    expect(await watching.ended).toBe(1);
    expect(watching.screen()).toMatch(/█+░+ {2}1\/2 passed/);
    expect(watching.screen()).toContain('st-9  [A1 HOLD CL-2');
    expect(watching.screen()).toMatch(/Waiting for a decision. To try again:\s.*batch rerun PO-1\s/);
    expect(watching.screen()).toContain('  CL-2  BOARD_GONE at flashCredentials');
  });
});

describe('a unit that waits', () => {
  it('is tried again, left out or scrapped, each with its reason on record', async () => {
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3', 'CL-4'], ['CL-1', 'CL-2', 'CL-3']);
    await untilWaiting(bench, 3);
    const { place, bad } = bench;
    bad.delete('CL-1');
    const [retried, skipped, scrapped] = await Promise.all([
      place.certline('unit', 'retry', 'cl-1', '--reason', 'board replaced'),
      place.certline('unit', 'skip', 'CL-2', '--reason', 'at the lab', '--by', 'A. Berg'),
      place.certline('unit', 'scrap', 'CL-3', '--json'),
    ]);
    expect(retried).toMatchObject({ status: 0, stdout: expect.stringMatching(/^retry: CL-1 /), stderr: '' });
    expect([skipped.status, scrapped.status]).toEqual([0, 0]);
    expect(json(scrapped)).toMatchObject({
      serial: 'CL-3',
      verdict: 'scrap',
      says: expect.stringContaining('CL-3'),
    });
    const watched = await place.certline('batch', 'watch', 'PO-1');
    expect(watched).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('2 of 4 units did not pass'),
    });
    const shown = await place.certline('unit', 'show', 'CL-2');
    expect(shown.stdout).toMatch(/^skip +1 +A\. Berg +20\S+ \S+ UTC +at the lab$/m);
    const { decisions } = json(await place.certline('unit', 'show', 'CL-1', '--json')) as UnitRecord;
    expect(decisions).toMatchObject([{ attempt: 1, verdict: 'retry', reason: 'board replaced' }]);
    expect(decisions[0]?.by).toBe(`${userInfo().username}@${hostname()}`);
    const [first, second, third] = await Promise.all(
      ['CL-1', 'CL-2', 'CL-3'].map(async (serial) =>
        json(await place.certline('unit', 'show', serial, '--json')),
      ),
    );
    expect(first).toMatchObject({ outcome: 'PASS', live: null });
    expect(second).toMatchObject({ outcome: 'HOLD', attempts: [{ reason: 'at the lab' }] });
    expect(third).toMatchObject({ outcome: 'FAIL' });
  });

  it('is the only one that can be decided on', async () => {
    const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
    await untilWaiting(bench, 1);
    const [ended, unknown] = await Promise.all([
      bench.place.certline('unit', 'retry', 'CL-1'),
      bench.place.certline('unit', 'scrap', 'CL-9'),
    ]);
    expect(ended).toMatchObject({
      status: 6,
      stdout: '',
      stderr: expect.stringContaining('CL-1 has ended as PASS, so there is nothing to decide'),
    });
    expect(unknown).toMatchObject({
      status: 5,
      stdout: '',
      stderr: expect.stringContaining('No batch has a unit CL-9'),
    });
  });
});

describe('certline batch pause, window and resume', () => {
  it('say what follows, and are kept with who decided and why', async () => {
    const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
    const { place } = bench;
    await untilWaiting(bench, 1);
    const paused = await place.certline('batch', 'pause', 'po', '--reason', 'shift ends', '--by', 'A. Berg');
    expect(paused).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Batch PO-1: paused: /) });
    const again = await place.certline('batch', 'pause', 'PO-1');
    expect(again).toMatchObject({
      status: 6,
      stdout: '',
      stderr: expect.stringMatching(/^certline: the batch is paused already, since .*, by A\. Berg\n$/),
    });
    await until('it is recorded', async () => (await bench.registry.batchDecisions('PO-1')).length === 1);
    const shown = await place.certline('batch', 'show', 'PO-1');
    expect(shown.stdout).toMatch(/^State +open, paused: no further unit starts$/m);
    expect(shown.stdout).toMatch(/^pause +A\. Berg +20\S+ \S+ UTC +shift ends$/m);
    const watched = await place.certline('batch', 'watch', 'PO-1');
    expect(watched.stdout).toMatch(/^1\/2 passed · .* · paused$/m);
    const wide = await place.certline('batch', 'window', 'PO-1', '501');
    expect(wide).toMatchObject({
      status: 6,
      stderr: expect.stringContaining('a whole number from 1 to 500'),
    });
    expect((await place.certline('batch', 'window', 'PO-1', '9')).status).toBe(0);
    expect(json(await place.certline('batch', 'resume', 'PO-1', '--json'))).toMatchObject([
      { batchId: 'PO-1', says: expect.stringMatching(/./) },
    ]);
    await until('all are recorded', async () => (await bench.registry.batchDecisions('PO-1')).length === 3);
    const { decisions, state } = json(await place.certline('batch', 'show', 'PO-1', '--json')) as {
      decisions: Decision[];
      state: string;
    };
    expect(state).toBe('open');
    const by = `${userInfo().username}@${hostname()}`;
    expect(decisions).toMatchObject([
      { verdict: 'pause', by: 'A. Berg', reason: 'shift ends' },
      { verdict: 'window', by, detail: '4 to 9 units' },
      { verdict: 'resume', by },
    ]);
  });
});

describe('certline batch priority', () => {
  it('says what follows, and is kept with who decided and why', async () => {
    const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
    const { place } = bench;
    await untilWaiting(bench, 1);
    const wrong = await place.certline('batch', 'priority', 'PO-1', '6');
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('from 1 (first) to 5 (last)') });
    const same = await place.certline('batch', 'priority', 'PO-1', '3');
    expect(same).toMatchObject({ status: 6, stderr: 'certline: the batch has priority 3 already\n' });
    const said = await place.certline('batch', 'priority', 'po', '1', '--reason', 'late', '--by', 'A. Berg');
    expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('have priority 1 (before: 3)') });
    await until('it is recorded', async () => (await bench.registry.batchDecisions('PO-1')).length === 1);
    const shown = await place.certline('batch', 'show', 'PO-1');
    expect(shown.stdout).toMatch(/^Priority +1: its units get boards before those of other batches$/m);
    expect(shown.stdout).toMatch(/^priority +1 +A\. Berg +20\S+ \S+ UTC +late$/m);
    expect(json(await place.certline('batch', 'show', 'PO-1', '--json'))).toMatchObject({ priority: 1 });
  });
});

describe('certline batch cancel', () => {
  it('asks at a terminal, and ends the batch only on yes', async () => {
    const bench = await startBench(['CL-1', 'CL-2'], ['CL-2']);
    await untilWaiting(bench, 1);
    const refused = startAtTerminal(bench.place, ['batch', 'cancel', 'PO-1']);
    await refused.answer('[y/N]', 'n');
    expect(await refused.ended).toBe(6);
    expect(refused.screen()).toContain('Cancel batch PO-1 (1/2 passed');
    expect((await progressOf(bench)).attention).toHaveLength(1);

    const agreed = startAtTerminal(bench.place, ['batch', 'cancel', 'PO-1', '--reason', 'wrong lot']);
    await agreed.answer('[y/N]', 'y');
    expect(await agreed.ended).toBe(0);
    const watched = await bench.place.certline('batch', 'watch', 'PO-1');
    expect(watched).toMatchObject({ status: 1, stderr: expect.stringContaining('was ended (cancelled)') });
    expect(json(await bench.place.certline('unit', 'show', 'CL-2', '--json'))).toMatchObject({
      outcome: 'HOLD',
    });
    const shown = await bench.place.certline('batch', 'show', 'PO-1');
    expect(shown.stdout).toMatch(/^cancel +\S+@\S+ +20\S+ \S+ UTC +wrong lot$/m);
    const again = await bench.place.certline('batch', 'cancel', 'PO-1', '--yes');
    expect(again).toMatchObject({
      status: 6,
      stderr: expect.stringContaining('has ended (cancelled), so there is nothing to cancel'),
    });
  });
});

describe('certline submit --wait', () => {
  it('follows the batch of the manifest to its end, and tells both in one document', async () => {
    const bench = await startBench(['CL-1'], ['CL-12']);
    const { place, registry, rig } = bench;
    const inbox = await openInbox({
      folder: place.inbox,
      stateFolder: place.state,
      settleMs: 50,
      accept: createIntake({
        products: [{ name: PRODUCT, assignment: 'any-board', commonName: '{serial}' }],
        registered: registry,
        askOrder: undefined,
        socketProducts: undefined,
        nameOf: ({ name }) => name,
        stageBatch: registry.stageBatch.bind(registry),
        startBatch: ({ batchId, order, manifest, manifestSha256, quantity }) =>
          startBatchWorkflow(rig.client, { batchId, order, manifest, manifestSha256, quantity, window: 4 }),
      }),
      hasBatch: async () => false,
      report: () => undefined,
    });
    onTestFinished(() => inbox.close());
    const manifest = join(place.folder, 'lot-2.csv');
    writeFileSync(manifest, `order,serial,product\nPO-2,CL-11,${PRODUCT}\nPO-2,CL-12,${PRODUCT}\n`);
    const ended = await place.certline('submit', manifest, '--wait', '--json');
    expect(json(ended)).toMatchObject({
      status: 'accepted',
      order: 'PO-2',
      progress: { quantity: 2, passed: 1, attention: [{ serial: 'CL-12', code: 'BOARD_GONE' }] },
    });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^certline: 1 of 2 units did not pass: .*\n$/);

    const urgent = join(place.folder, 'lot-3.csv');
    writeFileSync(urgent, `order,serial,product\nPO-3,CL-21,${PRODUCT}\n`);
    const preferred = await place.certline('submit', urgent, '--priority', '1', '--wait', '--json');
    expect(json(preferred)).toMatchObject({
      file: { name: 'lot-3.priority-1.csv' },
      understood: [expect.stringMatching(/^Its priority is 1: /)],
    });
    const named = join(place.folder, 'lot-4.priority-2.csv');
    writeFileSync(named, `order,serial,product\nPO-4,CL-31,${PRODUCT}\n`);
    expect(await place.certline('submit', named, '--priority', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('says priority 2, and --priority says 1'),
    });
  });
});
