import { expect, it } from 'vitest';
import { LineMetrics } from '../../monitoring/line-metrics.ts';
import { Patience } from '../../monitoring/patience.ts';
import { boundedSdkMetrics } from '../../monitoring/sdk-metrics.ts';

it('counts units by outcome and code, and has a zero for those that must raise an alarm', async () => {
  const metrics = new LineMetrics(new Patience(1_000));
  metrics.unitEnded({ outcome: 'PASS' });
  metrics.unitEnded({ outcome: 'ERROR', code: 'CHUNK_LOST', count: 3 });
  metrics.unitEnded({ outcome: 'HOLD', code: 'of somebody else' });
  const text = await metrics.text();
  expect(text).toContain('certline_units_ended_total{outcome="PASS",code=""} 1');
  expect(text).toContain('certline_units_ended_total{outcome="ERROR",code="CHUNK_LOST"} 3');
  expect(text).toContain('certline_units_ended_total{outcome="ERROR",code="UNIT_TERMINATED"} 0');
  expect(text).toContain('certline_units_ended_total{outcome="HOLD",code=""} 1');
});

it('measures tries that succeeded, and counts those that failed by a code of the table', async () => {
  const metrics = new LineMetrics(new Patience(1_000));
  metrics.stepTried({ step: 'flashCredentials', seconds: 0.3 });
  metrics.stepTried({ step: 'flashCredentials', seconds: 9, failure: { code: 'SMP_CRC', isRetried: true } });
  metrics.stepTried({
    step: 'flashCredentials',
    seconds: 9,
    failure: { code: 'Error: x', isRetried: false },
  });
  const text = await metrics.text();
  expect(text).toContain('certline_step_seconds_count{step="flashCredentials"} 1');
  expect(text).toContain('certline_step_seconds_bucket{le="0.25",step="flashCredentials"} 0');
  expect(text).toContain('certline_step_seconds_bucket{le="0.5",step="flashCredentials"} 1');
  const failed = 'certline_step_failures_total{step="flashCredentials",';
  expect(text).toContain(`${failed}code="SMP_CRC",retried="yes"} 1`);
  expect(text).toContain(`${failed}code="UNKNOWN",retried="no"} 1`);
});

it('reads what it samples at each scrape, and forgets what is no longer there', async () => {
  const metrics = new LineMetrics(new Patience(1_000));
  let orders = ['A', 'B'];
  metrics.sample({
    name: 'certline_left',
    help: 'x',
    labels: ['order'],
    read: () => orders.map((order, value) => ({ labels: { order }, value })),
  });
  expect(await metrics.text()).toContain('certline_left{order="B"} 1');
  orders = ['B'];
  const text = await metrics.text();
  expect(text).toContain('certline_left{order="B"} 0');
  expect(text).not.toContain('certline_left{order="A"}');
});

it('leaves out what it cannot read, and says so, instead of showing a zero', async () => {
  const metrics = new LineMetrics(new Patience(1_000));
  let broken = false;
  const read = () => {
    if (broken) throw new Error('no disk');
    return [{ value: 7 }];
  };
  metrics.sample({ name: 'certline_depth', help: 'x', read });
  expect(await metrics.text()).toMatch(/^certline_depth 7$/m);
  broken = true;
  await metrics.text();
  const text = await metrics.text();
  expect(text).not.toMatch(/^certline_depth \d/m);
  expect(text).toMatch(/^certline_metric_failures_total\{metric="certline_depth"\} [12]$/m);
});

it('keeps series of the SDK that are about a single board or unit out', () => {
  const series = (queue: string): string => `temporal_num_pollers{task_queue="${queue}"} 1`;
  const text = ['board/ab12', 'unit/CL-1', 'boards/node', 'station/st-1'].map(series).join('\n');
  expect(boundedSdkMetrics(text)).toBe([series('boards/node'), series('station/st-1')].join('\n'));
});
