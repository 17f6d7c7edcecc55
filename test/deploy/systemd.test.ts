import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { STEP_LIMITS } from '../../provisioning/timeouts.ts';
import { WORKER_ROLES } from '../../workers/worker-roles.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const unit = readFileSync(join(import.meta.dirname, '../../deploy/systemd/certline@.service'), 'utf8');
const valueOf = (setting: string): string | undefined => new RegExp(`^${setting}=(.*)$`, 'm').exec(unit)?.[1];
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

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
    const path = join(temporaryFolder(), `certline@${role}.service`);
    // Certline need not be installed here.
    writeFileSync(path, unit.replace('/usr/local/bin/certline', '/bin/true'));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
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
