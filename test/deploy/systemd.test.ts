import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEP_LIMITS } from '../../provisioning/timeouts.ts';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const folder = join(import.meta.dirname, '../../deploy/systemd');
const unit = readFileSync(join(folder, 'certline@.service'), 'utf8');
const valueOf = (setting: string): string | undefined => new RegExp(`^${setting}=(.*)$`, 'm').exec(unit)?.[1];
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** The unit of this role with its drop-ins, as systemd reads it; Certline need not be installed here. */
function writeUnit(role: string): string {
  const dropIns = join(folder, `certline@${role}.service.d`);
  const parts = existsSync(dropIns) ? readdirSync(dropIns).map((name) => join(dropIns, name)) : [];
  const text = [unit, ...parts.map((path) => readFileSync(path, 'utf8'))].join('\n');
  const path = join(temporaryFolder(), `certline@${role}.service`);
  writeFileSync(path, text.replace('/usr/local/bin/certline', '/bin/true'));
  return path;
}

describe('the systemd unit of a role', () => {
  it('swaps nothing and dumps no core', () => {
    expect(valueOf('MemorySwapMax')).toBe('0');
    expect(valueOf('LimitCORE')).toBe('0');
  });

  it('lets a station finish the longest step at a device', () => {
    const longestMs = Math.max(...Object.values(STEP_LIMITS).map(({ startToCloseMs }) => startToCloseMs));
    expect(Number(valueOf('TimeoutStopSec')) * 1_000).toBeGreaterThan(longestMs);
  });

  it.runIf(hasSystemd).each(WORKER_ROLES)('is one that systemd takes: %s', (role) => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', writeUnit(role)], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it.runIf(hasSystemd).each(WORKER_ROLES)('exposes less than 2.0 by systemd-analyze security: %s', (role) => {
    const options = ['security', '--offline=yes', '--threshold=20', writeUnit(role)];
    const { status, stdout } = spawnSync('systemd-analyze', options, { encoding: 'utf8' });
    expect({ status, last: stdout.trim().split('\n').at(-1) }).toMatchObject({ status: 0 });
  });

  it('keeps the roles apart: a user and a state folder for each', () => {
    expect(valueOf('User')).toBe('certline-%i');
    expect(valueOf('StateDirectory')).toBe('certline-%i');
    expect(valueOf('ExecStart')).toContain('--state /var/lib/certline-%i');
  });

  it('lets the orchestrator read and write its drop folder, which is made if it is not there', () => {
    const dropIns = join(folder, 'certline@orchestrator.service.d');
    const text = readdirSync(dropIns)
      .map((name) => readFileSync(join(dropIns, name), 'utf8'))
      .join('\n');
    const inbox = /^Environment=CERTLINE_INBOX=(.+)$/m.exec(text)?.[1];
    expect(inbox).toMatch(/^\/var\/lib\/certline-/);
    expect(text).toContain(`ReadWritePaths=-${inbox}\n`);
    const making = /^ExecStartPre=\+\/bin\/sh -c '(.+)'$/m.exec(text)?.[1] ?? '';
    const own = join(temporaryFolder(), 'inbox');
    const here = making
      .replaceAll(inbox!, own)
      .replaceAll('certline-orchestrator', String(process.getuid?.()));
    for (const mode of [0o2770, 0o2777]) {
      expect(spawnSync('/bin/sh', ['-c', here]).status).toBe(0);
      expect(statSync(own).mode & 0o7777).toBe(mode);
      chmodSync(own, 0o2777);
    }
  });

  it.runIf(hasSystemd)('is checked by a program that notices a misspelt setting', () => {
    const path = join(temporaryFolder(), 'certline@signer.service');
    writeFileSync(
      path,
      unit.replace('/usr/local/bin/certline', '/bin/true').replace('LimitCORE', 'LimitCor'),
    );
    const { stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    expect(stderr).toContain('LimitCor');
  });
});
