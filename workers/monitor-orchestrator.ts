import { access, constants } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import type { Monitor } from '../monitoring/monitor.ts';
import type { Sample } from '../monitoring/line-metrics.ts';
import { everyCode } from '../monitoring/line-metrics.ts';
import type { Backlog } from '../registry/outbox.ts';
import type { Registry } from '../registry/registry.ts';
import { roleStandings } from '../temporal/role-standings.ts';
import type { RoleStanding } from '../temporal/role-standings.ts';
import { asked } from './monitor-connection.ts';
import { unitsWaiting } from './units-waiting.ts';

export interface OrchestratorParts {
  readonly client: Client;
  readonly registry: Registry;
  readonly inbox: string;
  /** Of this host; others are known once the server has seen them. */
  readonly stations: readonly string[];
}

/** What an orchestrator shows of its registry, its outbox, the units that wait, and the other roles. */
export function monitorOrchestrator({ metrics, readiness }: Monitor, parts: OrchestratorParts): void {
  const { client, registry, inbox, stations } = parts;
  readiness.add('registry', async () => {
    await registry.assertWritable();
    return undefined;
  });
  readiness.add('inbox', async () => {
    await access(inbox, constants.R_OK | constants.W_OK);
    return undefined;
  });
  metrics.sample({
    name: 'certline_batches_open',
    help: 'Batches that are open.',
    read: async () => [{ value: (await registry.openBatches()).length }],
  });
  metrics.sample({
    name: 'certline_units_waiting',
    help: 'Units that wait for a person, by code of the failure table.',
    labels: ['code'],
    read: async () => {
      const waiting = await asked(client, () => unitsWaiting(client, registry));
      return everyCode().map((code) => ({ labels: { code }, value: waiting.get(code) ?? 0 }));
    },
  });
  metrics.sample({
    name: 'certline_role_up',
    help: '1 for a role that asks Temporal for work, else 0; station: its id, empty for the others; lost: host and pid where it is one of several processes.',
    labels: ['role', 'station', 'lost'],
    read: async () => (await asked(client, () => roleStandings(client, stations))).map(upOf),
  });
  // The three of them are read at once, and ask once.
  let asking: Promise<Backlog[]> | undefined;
  const backlog = (): Promise<Backlog[]> =>
    (asking ??= registry.outbox.backlog().finally(() => (asking = undefined)));
  const ofOutbox = (name: string, help: string, valueOf: (its: Backlog) => number): void =>
    metrics.sample({
      name,
      help,
      labels: ['registry'],
      read: async () =>
        (await backlog()).map((its) => ({ labels: { registry: its.registry }, value: valueOf(its) })),
    });
  ofOutbox(
    'certline_outbox_waiting',
    'Certificates that a device registry must yet have.',
    ({ waiting }) => waiting,
  );
  ofOutbox('certline_outbox_parked', 'Certificates that a device registry refuses.', ({ parked }) => parked);
  ofOutbox(
    'certline_outbox_oldest_age_seconds',
    'How long the oldest of them has been waiting; 0 for none.',
    ({ oldestAt }) => (oldestAt === undefined ? 0 : Math.max(0, Date.now() - oldestAt) / 1_000),
  );
}

function upOf({ role, state, host, pid, isFurther }: RoleStanding): Sample {
  const [kind = role, station = ''] = role.split(' ', 2);
  const lost = isFurther === true ? `${host} ${pid}` : '';
  return { labels: { role: kind, station, lost }, value: state === 'polling' ? 1 : 0 };
}
