// Follows docs/operations.md, "From a bare host to an alert that fires", exactly as printed, but for the ports, and the pace.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { codeBlocks, pageOf } from '../cli/follow-docs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { freePort } from '../../temporal/server/server-ports.ts';
import { testServer } from '../support/temporal-server.ts';
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts';
import { until } from '../support/until.ts';
import { hasPrometheus, PROMETHEUS_FOLDER, PROMETHEUS_MISSING, promtool } from './prometheus-programs.ts';

const ROOT = join(import.meta.dirname, '../..');

/** After that it is seen how far the commands came. */
const PATIENCE_MS = 150_000;

it.skipIf(!hasPrometheus)(
  `an ops engineer gets from nothing to an alert that fires (${PROMETHEUS_MISSING})`,
  async () => {
    const { address, namespace } = await testServer(SEARCH_ATTRIBUTES);
    const [metrics, web] = [await freePort(), await freePort()];
    const folder = temporaryFolder();
    const { events, url } = await startReceiver();
    const config = JSON.parse(readFileSync(join(ROOT, 'certline.json'), 'utf8')) as object;
    const notifications = { url, secretFile: 'notifications.secret' };
    writeFileSync(join(folder, 'certline.json'), JSON.stringify({ ...config, notifications }));
    writeFileSync(join(folder, 'notifications.secret'), WEBHOOK_SECRET, { mode: 0o600 });
    cpSync(join(ROOT, 'deploy/prometheus'), join(folder, 'deploy/prometheus'), { recursive: true });
    const configuration = join(folder, 'deploy/prometheus/prometheus.yml');
    const withPorts = (text: string): string =>
      text.replaceAll('9464', String(metrics)).replaceAll('9090', String(web)).replaceAll(' 15s', ' 1s');
    writeFileSync(configuration, withPorts(readFileSync(configuration, 'utf8')));

    const section = pageOf('operations.md')
      .split('\n### From a bare host to an alert that fires\n')[1]!
      .split('\n## ')[0]!;
    const commands = codeBlocks(section, 'bash');
    expect(commands).toHaveLength(3);
    const [node, cli] = [join(ROOT, 'node_modules/.bin/node'), join(ROOT, 'cli/certline.ts')];
    const script = `set -euo pipefail\ncertline() { "${node}" "${cli}" "$@"; }\n${withPorts(commands.join(''))}
curl --silent http://127.0.0.1:${metrics}/metrics >scrape`;
    const shell = spawn('bash', ['-c', script], {
      cwd: folder,
      detached: true,
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: `${PROMETHEUS_FOLDER}:${process.env['PATH']}`,
        HOME: folder,
        CERTLINE_STATE: join(folder, 'state'),
        TEMPORAL_ADDRESS: address,
        TEMPORAL_NAMESPACE: namespace,
      },
    });
    // What it left in the background is in its process group.
    onTestFinished(() => void process.kill(-shell.pid!, 'SIGKILL'));
    let said = '';
    shell.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const [status] = (await once(shell, 'exit')) as [number | null];
    const tailOf = (file: string): string => readFileSync(join(folder, file), 'utf8').slice(-2_000);
    const left = status === 0 ? '' : `${said}\n${tailOf('demo.out')}\n${tailOf('prometheus.log')}`;
    expect({ status, left }).toEqual({ status: 0, left: '' });
    expect(said).toContain('"ready":true');
    expect(said).toMatch(
      /ALERTS\{alertname="CertlineReadBackDiffers".*code="READ_BACK_DIFFERS".*severity="warning"\}/,
    );
    expect(said).toMatch(/READ_BACK_DIFFERS +verifyReadback/);

    // Who is configured to hear of it has heard of it too.
    await until('the notification is there', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'unit.waiting', data: { code: 'READ_BACK_DIFFERS' } }]);

    const scrape = readFileSync(join(folder, 'scrape'), 'utf8');
    expect(promtool(['check', 'metrics'], { input: withoutSdk(scrape) })).toEqual({ status: 0, says: '' });
    expect(
      mentioned()
        .filter((name) => !scrape.includes(name))
        .toSorted(),
    ).toEqual([
      // No certificate, and no device registry, is configured here.
      'certline_client_certificate_expiry_timestamp_seconds',
    ]);
  },
);

/** Metrics of Certline and of the SDK that the alert rules, the dashboard and the page of operations name. */
function mentioned(): string[] {
  const files = [
    'deploy/prometheus/certline.rules.yml',
    'deploy/grafana/factory-line.json',
    'docs/operations.md',
  ];
  const text = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
  const names = [...text.matchAll(/\b(?:certline|temporal)_[a-z_]*[a-z]\b(?![…(])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => name !== 'certline_ledger');
}

/** The names of the SDK's metrics are not ours. */
function withoutSdk(text: string): string {
  return text.replaceAll(/^(?:# \w+ )?temporal_.*\n/gm, '');
}
