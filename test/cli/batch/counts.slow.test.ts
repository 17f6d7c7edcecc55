import { describe, expect, it } from 'vitest';
import type { BatchProgress } from '../../../provisioning/batch.ts';
import { failure } from '../../workflows/rig.ts';
import { json } from '../../support/certline.ts';
import { until } from '../../support/until.ts';
import { startBench } from './bench.ts';
import type { Bench } from './bench.ts';

interface Counts {
  readonly state: string;
  readonly quantity: number;
  readonly passed: number;
  readonly attention: number;
  readonly open: number;
  readonly waitingBy: string;
  readonly waiting: readonly { readonly serial: string }[];
}

const progressOf = (bench: Bench): Promise<BatchProgress> =>
  bench.rig.client.workflow.getHandle('batch/PO-1').query<BatchProgress>('progress');

async function untilWaiting(bench: Bench, count: number): Promise<BatchProgress> {
  return await until(`${count} units wait`, async () => {
    const progress = await progressOf(bench);
    return progress.attention.length === count && progress;
  });
}

async function shown({ place }: Bench): Promise<{ text: string; list: string; document: Counts }> {
  const list = await place.certline('batch', 'list');
  const text = await place.certline('batch', 'show', 'PO-1', '--units');
  const document = json(await place.certline('batch', 'show', 'PO-1', '--json')) as Counts;
  return { text: text.stdout, list: list.stdout, document };
}

describe('a batch in which units wait while others run', () => {
  it('is open in text and JSON, and has the counts that Temporal has', async () => {
    const gate = Promise.withResolvers<void>();
    const atWork = new Set<string>();
    const bench = await startBench(['CL-1', 'CL-2', 'CL-3', 'CL-4', 'CL-5'], ['CL-2'], {
      verifyReadback: async ({ unit }) => {
        if (['CL-3', 'CL-4'].includes(unit.serial)) {
          atWork.add(unit.serial);
          await gate.promise;
        }
        return { evidence: {}, verifiedAt: '2026-01-01T00:00:01.000Z' };
      },
    });
    await until('two units are under way, one waits, two have passed', async () => {
      const { passed, attention } = await progressOf(bench);
      return atWork.size === 2 && attention.length === 1 && passed === 2;
    });
    const progress = await progressOf(bench);
    const underWay = progress.started - progress.passed - progress.attention.length;
    const { text, list, document } = await shown(bench);
    gate.resolve();
    expect(document).toMatchObject({
      state: 'open',
      passed: progress.passed,
      attention: progress.attention.length,
      open: underWay + progress.quantity - progress.started,
      waitingBy: 'temporal',
    });
    expect(document).toMatchObject({ passed: 2, attention: 1, open: 2 });
    expect(text).toMatch(/^State +open$/m);
    expect(text).toContain('5: 2 passed, 0 failed, 0 errors, 0 on hold, 1 waiting for a decision, 2 open');
    expect(list).toMatch(/^PO-1 +open +5 +2 +- +- +- +1 +2 /m);
  });
});

describe('a unit that tries again', () => {
  it('waits no longer, although its record still has the last failure', async () => {
    const gate = Promise.withResolvers<void>();
    let isRetried = false;
    const bench = await startBench(['CL-1', 'CL-2'], [], {
      flashCredentials: async ({ unit }) => {
        if (unit.serial !== 'CL-2') return;
        if (unit.attempt === 1) throw failure('BOARD_GONE');
        isRetried = true;
        await gate.promise;
      },
    });
    await untilWaiting(bench, 1);
    expect((await bench.place.certline('unit', 'retry', 'CL-2')).status).toBe(0);
    await until('it is tried again', () => isRetried);
    await untilWaiting(bench, 0);
    const { text, list, document } = await shown(bench);
    const unit = await bench.place.certline('unit', 'show', 'CL-2');
    gate.resolve();
    expect(document).toMatchObject({ attention: 0, open: 1, waiting: [] });
    expect(list).toMatch(/^PO-1 +open +2 +1 +- +- +- +- +1 /m);
    expect(text).not.toMatch(/waits|batch rerun/);
    expect(unit.stdout).toMatch(/^Outcome +open: BOARD_GONE/m);
    expect(unit.stdout).not.toContain('To do');
  });
});

describe('units of a chunk that the signer refuses to release', () => {
  it('are tried again by the command that their page names', async () => {
    let isReleasing = false;
    const bench = await startBench(['CL-1', 'CL-2'], [], {
      releaseUnits: async () => {
        if (!isReleasing) throw failure('ORDER_EXPIRED');
      },
    });
    await untilWaiting(bench, 2);
    const { stdout } = await bench.place.certline('unit', 'show', 'CL-2');
    const [, command] = /^To do .*Then: certline (.+)$/m.exec(stdout) ?? [];
    expect(command).toBe('batch rerun PO-1');
    isReleasing = true;
    const { status, stderr } = await bench.place.certline(...command!.split(' '));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect((await bench.place.certline('batch', 'watch', 'PO-1')).status).toBe(0);
  });
});
