import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { every } from '../../workers/periodic-role.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;

function newLog(): { readonly log: pino.Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) };
}

describe('a periodic role', () => {
  it('works at once and then again, also after an error, which is logged', async () => {
    const { log, lines } = newLog();
    let rounds = 0;
    const run = async (): Promise<void> => {
      rounds += 1;
      if (rounds < 3) throw new Error(`round ${rounds}`);
    };
    const role = every(5, [{ run, failed: 'no list was made' }], log);
    await until('it works again and again', () => rounds >= 4);
    await role.stop();
    await role.ended;
    expect(lines.map((line) => (JSON.parse(line) as { msg: string; err: { message: string } }).err)).toEqual([
      expect.objectContaining({ message: 'round 1' }),
      expect.objectContaining({ message: 'round 2' }),
    ]);
    expect(lines[0]).toContain('no list was made');
  });

  it('does its next duty although one before failed', async () => {
    const { log } = newLog();
    let isDone = false;
    const broken = { run: () => Promise.reject(new Error('disk full')), failed: 'failed' };
    const whole = { run: async () => void (isDone = true), failed: 'failed' };
    const role = every(HOUR_MS, [broken, whole], log);
    await until('the second duty is done', () => isDone);
    await role.stop();
  });

  it('stops at once between two rounds, and after the round in progress', async () => {
    const { log } = newLog();
    const round = Promise.withResolvers<void>();
    let rounds = 0;
    const run = async (): Promise<void> => {
      rounds += 1;
      await round.promise;
    };
    const role = every(HOUR_MS, [{ run, failed: 'failed' }], log);
    let hasStopped = false;
    const stopping = role.stop().then(() => (hasStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([rounds, hasStopped]).toEqual([1, false]);
    round.resolve();
    await stopping;
    expect(rounds).toBe(1);

    const idle = every(HOUR_MS, [], log);
    await idle.stop();
  });

  it('ends with an error that is fatal', async () => {
    const { log, lines } = newLog();
    const run = (): Promise<void> => Promise.reject(new Error('exchanged'));
    const role = every(HOUR_MS, [{ run, failed: 'failed', isFatal: () => true }], log);
    await expect(role.ended).rejects.toThrow('exchanged');
    await role.stop();
    expect(lines).toEqual([]);
  });
});
