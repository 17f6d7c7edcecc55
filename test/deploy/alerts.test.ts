import { copyFileSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FAILURES } from '../../provisioning/failure-table.ts';
import type { FailureCode, FailureRow } from '../../provisioning/failure-table.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { hasPrometheus, PROMETHEUS_MISSING, promtool } from './prometheus-programs.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');
const RULES = join(DEPLOY, 'prometheus/certline.rules.yml');
const DASHBOARD = join(DEPLOY, 'grafana/factory-line.json');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string };
}

const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const rowRules = rules.filter(({ labels }) => labels['code'] !== undefined);
const lineRules = rules.filter(({ labels }) => labels['code'] === undefined);

/** A person has decided these: nobody needs to be called. */
const DECIDED: ReadonlySet<FailureCode> = new Set(['SCRAPPED', 'CANCELLED', 'CLOSED_SHORT', 'BATCH_CLOSED']);

/** Units end with these without a wait: their boards must be kept from shipping. */
const ENDED: ReadonlySet<FailureCode> = new Set(['CHUNK_LOST', 'UNIT_TERMINATED']);

/** A step that is tried more often than this takes long until its unit waits: the failures themselves raise the alarm. */
const SOON = 8;

const rows = Object.entries(FAILURES) as [FailureCode, FailureRow][];
const needing = rows.filter(([code]) => !DECIDED.has(code));

/** The alert that a row of the failure table needs. */
function alertOf([code, { blame, attempts, hint }]: [FailureCode, FailureRow]): Rule {
  const name = code.replaceAll(
    /([A-Z0-9])([A-Z0-9]*)_?/g,
    (_, first: string, rest: string) => first + rest.toLowerCase(),
  );
  const waiting = `max without (instance) (certline_units_waiting{code="${code}"}) > 0`;
  const failing = `sum without (instance, step, retried) (rate(certline_step_failures_total{code="${code}"}[5m])) > 0`;
  const isSlow = attempts > SOON && blame !== 'operator';
  const isOfLine = blame === 'station' || blame === 'signer' || blame === 'registry';
  return {
    alert: `Certline${name}`,
    expr: ENDED.has(code)
      ? `increase(certline_units_ended_total{code="${code}"}[1h]) > 0`
      : isSlow
        ? `${waiting}\nor ${failing}`
        : waiting,
    ...(isSlow && { for: attempts >= 1_000 ? '30m' : '5m' }),
    labels: { severity: isOfLine ? 'critical' : 'warning', code, blame },
    annotations: { summary: hint },
  };
}

describe('the alert rules', () => {
  it('have one for each row of the failure table that needs a person, with its hint, and none for another', () => {
    expect(rowRules).toEqual(needing.map(alertOf));
    expect(needing.length).toBeGreaterThan(70);
  });

  it('have a name of their own and a severity', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(new Set(rules.map(({ labels }) => labels['severity']))).toEqual(new Set(['critical', 'warning']));
  });

  it.skipIf(!hasPrometheus)(
    `are ones that Prometheus takes, and so is the configuration (${PROMETHEUS_MISSING})`,
    () => {
      expect(promtool(['check', 'config', join(DEPLOY, 'prometheus/prometheus.yml')])).toMatchObject({
        status: 0,
      });
      const broken = join(temporaryFolder(), 'broken.rules.yml');
      writeFileSync(broken, readFileSync(RULES, 'utf8').replace('> 0', '>> 0'));
      expect(promtool(['check', 'rules', broken]).status).not.toBe(0);
    },
  );

  it.skipIf(!hasPrometheus)(`fire: each row while a unit waits with it (${PROMETHEUS_MISSING})`, () => {
    const series = needing.map(([code]) => ({
      series: ENDED.has(code)
        ? `certline_units_ended_total{outcome="ERROR",code="${code}",job="certline",instance="a"}`
        : `certline_units_waiting{code="${code}",job="certline",instance="a"}`,
      values: '0x9 1x60',
    }));
    const firing = (rule: Rule) => ({
      alertname: rule.alert,
      eval_time: '45m',
      exp_alerts: [
        {
          exp_labels: {
            ...rule.labels,
            job: 'certline',
            ...(rule.expr.startsWith('increase') && { instance: 'a', outcome: 'ERROR' }),
          },
          exp_annotations: rule.annotations,
        },
      ],
    });
    const silent = (rule: Rule) => ({ alertname: rule.alert, eval_time: '9m', exp_alerts: [] });
    expect(
      tested(
        series,
        rowRules.flatMap((rule) => [silent(rule), firing(rule)]),
      ),
    ).toEqual(PASSED);
  });

  it.skipIf(!hasPrometheus)(`fire while a step fails that is tried for long (${PROMETHEUS_MISSING})`, () => {
    const series = [
      {
        series:
          'certline_step_failures_total{code="CA_UNAVAILABLE",step="signCertificate",retried="yes",job="certline",instance="a"}',
        values: '0+1x60',
      },
    ];
    const rule = rowRules.find(({ labels }) => labels['code'] === 'CA_UNAVAILABLE')!;
    const fired = { exp_labels: { ...rule.labels, job: 'certline' }, exp_annotations: rule.annotations };
    const tests = [
      { alertname: rule.alert, eval_time: '4m', exp_alerts: [] },
      { alertname: rule.alert, eval_time: '10m', exp_alerts: [fired] },
    ];
    expect(tested(series, tests)).toEqual(PASSED);
  });

  it.skipIf(!hasPrometheus)(
    `do not fire for a log that is a moment ahead, again and again (${PROMETHEUS_MISSING})`,
    () => {
      const series = [
        { series: 'certline_ledger_head_entries', values: '9+4x240' },
        { series: 'certline_ledger_witnessed_entries', values: '7+4x240' },
        { series: 'certline_ledger_witness_age_seconds', values: '2x240' },
      ];
      const silent = { alertname: 'CertlineLedgerUnwitnessed', eval_time: '200m', exp_alerts: [] };
      expect(tested(series, [silent])).toEqual(PASSED);
    },
  );

  it('read labels of metrics that no label of a target takes the place of', () => {
    const { scrape_configs: jobs } = parse(
      readFileSync(join(DEPLOY, 'prometheus/prometheus.yml'), 'utf8'),
    ) as { scrape_configs: { static_configs: { labels: Record<string, string> }[] }[] };
    const ofTargets = jobs.flatMap((job) => job.static_configs.flatMap(({ labels }) => Object.keys(labels)));
    const ofMetrics = globSync('{monitoring,workers}/*.ts', { cwd: join(DEPLOY, '..') }).flatMap((path) => {
      const text = readFileSync(join(DEPLOY, '..', path), 'utf8');
      const lists = [...text.matchAll(/label(?:s|Names): \[(.*)\]/g)].map(([, list = '']) => list);
      return lists.flatMap((list) => [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name));
    });
    expect(ofMetrics).toEqual(expect.arrayContaining(['role', 'station', 'part', 'code']));
    expect(ofTargets.length).toBeGreaterThan(0);
    expect(ofTargets.filter((name) => ofMetrics.includes(name))).toEqual([]);
  });

  it.skipIf(!hasPrometheus)(`fire for each part of the line (${PROMETHEUS_MISSING})`, () => {
    const day = 86_400;
    const bad: Readonly<Record<string, string>> = {
      CertlineDown: 'up{job="certline"} 0x60',
      CertlineNotReady: 'certline_ready{part="ca"} 0x60',
      CertlineRoleDown: 'certline_role_up{role="station",station="st-1"} 0x60',
      CertlineSocketFault: 'certline_sockets{state="fault",station="st-1"} 1x60',
      CertlineMetricUnreadable:
        'certline_metric_failures_total{metric="certline_ledger_head_entries"} 0+1x60',
      CertlineLedgerUnwitnessed:
        'certline_ledger_head_entries 9x60|certline_ledger_witnessed_entries 7x60|certline_ledger_witness_age_seconds 301x60',
      CertlineCrlExpires: `certline_crl_next_update_timestamp_seconds ${day}x60`,
      CertlineCaExpires: `certline_ca_expiry_timestamp_seconds{ca="issuing"} ${80 * day}x60`,
      CertlineClientCertificateExpires: `certline_client_certificate_expiry_timestamp_seconds ${10 * day}x60`,
      CertlineOrderExpires: `certline_order_expiry_timestamp_seconds{order="A"} ${5 * day}x60|certline_order_quota_left{order="A"} 9x60`,
      CertlineOrderNearlyExhausted:
        'certline_order_quota_left{order="A"} 4x60|certline_order_quantity{order="A"} 100x60',
      CertlineOutboxOld: 'certline_outbox_oldest_age_seconds{registry="erp"} 4000x60',
      CertlineOutboxParked: 'certline_outbox_parked{registry="erp"} 1x60',
    };
    expect(Object.keys(bad)).toEqual(lineRules.map(({ alert }) => alert));
    const counts = lineRules.map(({ alert }) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
      eval_time: '45m',
      exp_samples: [{ labels: '{}', value: 1 }],
    }));
    const series = Object.values(bad)
      .flatMap((each) => each.split('|'))
      .map((each) => ({
        series: each.slice(0, each.lastIndexOf(' ')),
        values: each.slice(each.lastIndexOf(' ') + 1),
      }));
    expect(tested(series, [], counts)).toEqual(PASSED);
  });
});

describe('the dashboard', () => {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    panels: { id: number; title: string; targets?: { expr: string }[] }[];
  };
  const exprs = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('has panels with numbers of their own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(exprs.length).toBeGreaterThan(15);
  });

  it.skipIf(!hasPrometheus)(`asks what Prometheus understands (${PROMETHEUS_MISSING})`, () => {
    const file = join(temporaryFolder(), 'dashboard.rules.yml');
    const recorded = exprs.map((expr, index) => ({ record: `dashboard:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }));
    expect(promtool(['check', 'rules', file])).toMatchObject({ status: 0 });
  });
});

const PASSED = { status: 0, says: expect.stringContaining('SUCCESS') };

/** Has promtool evaluate the rules every minute over series of one value a minute. */
function tested(
  series: readonly { readonly series: string; readonly values: string }[],
  alerts: readonly object[],
  expressions: readonly object[] = [],
): { status: number | null; says: string } {
  const folder = temporaryFolder();
  copyFileSync(RULES, join(folder, 'certline.rules.yml'));
  const test = {
    interval: '1m',
    input_series: series,
    alert_rule_test: alerts,
    promql_expr_test: expressions,
  };
  const file = { rule_files: ['certline.rules.yml'], evaluation_interval: '1m', tests: [test] };
  writeFileSync(join(folder, 'tests.yml'), JSON.stringify(file));
  return promtool(['test', 'rules', 'tests.yml'], { cwd: folder });
}
