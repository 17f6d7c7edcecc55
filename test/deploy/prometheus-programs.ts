import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where test/deploy/install-prometheus.sh puts `prometheus` and `promtool`. */
export const PROMETHEUS_FOLDER = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'certline/prometheus/usr/bin',
);

/** For the names of tests that are skipped. */
export const PROMETHEUS_MISSING = 'needs Prometheus: run test/deploy/install-prometheus.sh';

export const hasPrometheus = existsSync(join(PROMETHEUS_FOLDER, 'promtool'));

/** Runs promtool, and gives what it says and how it ended. */
export function promtool(
  args: readonly string[],
  { input, cwd }: { readonly input?: string; readonly cwd?: string } = {},
): { readonly status: number | null; readonly says: string } {
  const ran = spawnSync(join(PROMETHEUS_FOLDER, 'promtool'), args, { input, cwd, encoding: 'utf8' });
  return { status: ran.status, says: `${ran.stdout}${ran.stderr}` };
}
