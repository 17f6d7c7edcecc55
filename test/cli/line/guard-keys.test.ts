import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { newPlace } from '../../support/certline.ts';
import type { Place } from '../../support/certline.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** A role that waits for a server that is not there, started where core dumps are allowed. */
async function waitingRole(place: Place, role: string): Promise<{ pid: number; stderr: () => string }> {
  const command = `ulimit -c unlimited; exec ${NODE} cli/certline.ts worker ${role}`;
  const env = { ...place.environment, TEMPORAL_ADDRESS: '127.0.0.1:9' };
  const child = spawn('/bin/sh', ['-c', command], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  // The memory is locked once Node itself runs: the shell between has the same words on its command line.
  const lockedKb = (): number => Number(/VmLck:\s+(\d+)/.exec(proc(child.pid!, 'status'))?.[1]);
  await expect.poll(lockedKb, { timeout: 30_000 }).toBeGreaterThanOrEqual(64);
  return { pid: child.pid!, stderr: () => text };
}

/** Linux's number. */
const SIGUSR1 = 10n;

const proc = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');

describe.skipIf(process.platform !== 'linux')('a process that holds keys', () => {
  it.each(['signer', 'station'])('locks memory for them and dumps no core: %s', async (role) => {
    const { pid } = await waitingRole(newPlace(), role);
    await expect
      .poll(() => Number(/VmLck:\s+(\d+)/.exec(proc(pid, 'status'))?.[1]))
      .toBeGreaterThanOrEqual(64);
    expect(proc(pid, 'limits')).toMatch(/^Max core file size +0 +0 /m);
    expect(proc(pid, 'environ')).not.toMatch(/NODE_OPTIONS/);
  });

  it('starts no debugger when it is signalled', async () => {
    const { pid, stderr } = await waitingRole(newPlace(), 'signer');
    const { 1: blocked } = /SigBlk:\s+([0-9a-f]+)/.exec(proc(pid, 'status'))!;
    expect((BigInt(`0x${blocked}`) >> (SIGUSR1 - 1n)) & 1n).toBe(1n);
    process.kill(pid, 'SIGUSR1');
    expect(isAlive(pid)).toBe(true);
    expect(stderr()).not.toContain('Debugger');
  });

  it.each([
    '--inspect=127.0.0.1:0',
    '--heapsnapshot-signal=SIGUSR2',
    '--abort-on-uncaught-exception',
    '--report-on-signal',
  ])('refuses %s, in whatever way it comes', async (option) => {
    const place = newPlace({ NODE_OPTIONS: option });
    for (const command of [
      ['worker', 'signer'],
      ['ca', 'prove', '3c1f0a6b9d2e4f70'],
    ]) {
      const refused = await place.certline(...command);
      expect(refused.status).toBe(34);
      expect(refused.stderr).toContain(`${option} shows the memory of this process`);
    }
  });

  it('goes on in a rehearsal, where a developer may look', async () => {
    const place = newPlace({
      NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2',
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    });
    const child = place.start(['up', '--virtual'], ['ignore', 'ignore', 'pipe']);
    let text = '';
    child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await expect.poll(() => text, { timeout: 30_000 }).toContain('A line with real boards would not start.');
    expect(child.exitCode).toBeNull();
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });

  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot)('says what is missing where it may lock no memory', async () => {
    const { status, text } = await runSigner(0);
    expect(text).toContain('can be swapped to disk: allow locked memory');
    expect(status).toBe(34);
  });

  it.runIf(isRoot)('is content with what the Compose file and the systemd unit allow', async () => {
    const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
      services: { signer: { ulimits: { memlock: number } } };
    };
    const unit = readFileSync(join(ROOT, 'deploy', 'systemd', 'certline@.service'), 'utf8');
    const allowed = [
      compose.services.signer.ulimits.memlock,
      Number(/^LimitMEMLOCK=(\d+)$/m.exec(unit)?.[1]),
    ];
    for (const bytes of allowed) {
      const { status, text } = await runSigner(bytes);
      expect(text).toMatch(/^certline: No factory line runs on /);
      expect(status).toBe(8);
    }
  });
});

/** Runs a signer that may lock so many octets, without the capability that knows no limit, until it ends. */
async function runSigner(bytes: number): Promise<{ status: number; text: string }> {
  const drop = 'setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock';
  const script = `ulimit -l ${bytes / 1_024}; exec ${drop} ${NODE} cli/certline.ts worker signer`;
  const child = spawn('/bin/sh', ['-c', script], {
    cwd: ROOT,
    env: newPlace().environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, text };
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(proc(pid, 'status'));
  } catch {
    return false;
  }
}
