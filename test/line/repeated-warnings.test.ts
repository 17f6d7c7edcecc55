import { pino } from 'pino';
import { expect, it } from 'vitest';
import { RepeatedWarnings } from '../../line/repeated-warnings.ts';

function newLog() {
  const lines: Record<string, unknown>[] = [];
  const repeated = new RepeatedWarnings();
  const stream = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { log: pino({ base: {}, hooks: repeated.hooks }, stream), repeated, lines };
}

const said = (lines: readonly Record<string, unknown>[]) =>
  lines.map(({ msg, socket, repeated }) => [msg, socket, repeated].filter((each) => each !== undefined));

it('a warning that repeats is written three times, then counted, and its sum is written once', () => {
  const { log, repeated, lines } = newLog();
  const station = log.child({ station: 'st-1' });
  for (let time = 0; time < 4_315; time += 1)
    station.warn({ socket: '1', err: new Error(`tried ${time} times`) }, 'the board gives no answer');
  station.warn({ socket: '2', err: new Error('tried') }, 'the board gives no answer');
  expect(lines).toHaveLength(4);
  repeated.sum();
  expect(lines.at(-1)).toMatchObject({
    level: 40,
    station: 'st-1',
    socket: '1',
    repeated: 4_312,
    msg: 'the board gives no answer (… 4,312 more in the last hour)',
  });
  repeated.sum();
  expect(lines).toHaveLength(5);
});

it('another error, another unit and another text are other warnings, and information is always written', () => {
  const { log, repeated, lines } = newLog();
  const failed = (code: string) => Object.assign(new Error('x'), { code });
  for (let time = 0; time < 3; time += 1) {
    for (const code of ['SMP_TIMEOUT', 'SMP_CRC']) log.warn({ serial: 'CL-1', err: failed(code) }, 'failed');
    log.warn({ serial: 'CL-2', err: failed('SMP_CRC') }, 'failed');
    log.warn('failed too');
  }
  for (let time = 0; time < 9; time += 1) log.info('unit ended');
  expect(lines).toHaveLength(21);
  repeated.close();
  expect(lines).toHaveLength(21);
});

it('writes the same again in the next hour', () => {
  const { log, repeated, lines } = newLog();
  for (let time = 0; time < 5; time += 1) log.error({ socket: '1' }, 'failed');
  repeated.sum();
  log.error({ socket: '1' }, 'failed');
  expect(said(lines)).toEqual([
    ['failed', '1'],
    ['failed', '1'],
    ['failed', '1'],
    ['failed (… 2 more in the last hour)', '1', 2],
    ['failed', '1'],
  ]);
});
