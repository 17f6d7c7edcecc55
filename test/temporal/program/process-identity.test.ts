import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  endProcess,
  identifyProcess,
  isRunning,
  sendSignal,
} from '../../../temporal/program/process-identity.ts';
import type { ProcessIdentity } from '../../../temporal/program/process-identity.ts';

async function start(script: string): Promise<ProcessIdentity> {
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === undefined) throw new Error('the process has gone already');
  return identity;
}

describe('identifyProcess', () => {
  it('names this process the same way twice, and no process for a number that is not in use', () => {
    expect(identifyProcess(process.pid)).toEqual(identifyProcess(process.pid));
    expect(identifyProcess(2 ** 22 + 1)).toBeUndefined();
  });

  it('tells a later process with the same number from the one that was meant', () => {
    const reused = { pid: process.pid, startedAt: 'another boot:1' };
    expect(isRunning(reused)).toBe(false);
    sendSignal(reused, 'SIGKILL');
    expect(identifyProcess(process.pid)).toBeDefined();
  });
});

describe('endProcess', () => {
  it('ends a process that listens to SIGTERM', async () => {
    const identity = await start('echo ready; exec sleep 60');
    await endProcess(identity, 10_000);
    expect(isRunning(identity)).toBe(false);
  });

  it('ends a process that does not', async () => {
    const identity = await start('trap "" TERM; echo ready; while :; do sleep 0.1; done');
    await endProcess(identity, 50);
    expect(isRunning(identity)).toBe(false);
  });
});
