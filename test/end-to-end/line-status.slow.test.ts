import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleStandings } from '../../temporal/role-standings.ts';
import type { RoleStanding } from '../../temporal/role-standings.ts';
import { currentDetails } from '../support/current-details.ts';
import { temporaryFile } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts';
import type { ReceivedEvent } from '../support/webhook-receiver.ts';
import { CLI } from './line-process.ts';
import { dropInto, manifest } from './line-rig.ts';
import { RolesRig, STATIONS } from './roles-rig.ts';

const UNITS = 4;
const LARGE = 60;

/** A killed role shows within 30 s on a machine with nothing else to do, which a machine that runs tests is not. */
const SHOWS_WITHIN_MS = 90_000;

let rig: RolesRig;
let connection: Connection;
let events: readonly ReceivedEvent[];
beforeAll(async () => {
  const receiver = await startReceiver();
  ({ events } = receiver);
  const secretFile = temporaryFile(WEBHOOK_SECRET, 'notifications.secret');
  chmodSync(secretFile, 0o600);
  rig = await RolesRig.start({ orchestrator: { notifications: { url: receiver.url, secretFile } } });
  connection = await Connection.connect({ address: rig.environmentOf('orchestrator')['TEMPORAL_ADDRESS']! });
}, 180_000);
afterAll(async () => {
  await connection?.close();
  await rig?.end();
});

/** What a command says that is typed on a role's host. */
function typed(role: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const options = { cwd: rig.folder, env: rig.environmentOf(role), encoding: 'utf8' } as const;
  return spawnSync(process.execPath, [CLI, ...args], options);
}

/** Until each role stands as expected. */
async function untilRoles(what: string, expected: Record<string, RoleStanding['state']>): Promise<void> {
  const client = new Client({ connection });
  let seen: object = {};
  const agrees = async (): Promise<boolean> => {
    const roles = await roleStandings(client, STATIONS);
    seen = Object.fromEntries(roles.map(({ role, state }) => [role, state]));
    return Object.entries(expected).every(([role, state]) => Reflect.get(seen, role) === state);
  };
  await until(what, agrees, SHOWS_WITHIN_MS).catch((error: unknown) => {
    throw new Error(`${what}: ${JSON.stringify(seen)}`, { cause: error });
  });
}

const ALL_POLLING = {
  orchestrator: 'polling',
  intake: 'polling',
  signer: 'polling',
  'station st-1': 'polling',
  'station st-2': 'polling',
} as const;

describe('certline line status', () => {
  it('needs nobody while every role works', { timeout: 120_000 }, async () => {
    dropInto(rig.inbox, 'lot.csv', manifest(UNITS));
    await until('all passed', () => rig.passed === UNITS, 60_000);
    await until('all roles report', async () => {
      const roles = await roleStandings(new Client({ connection }), STATIONS);
      return roles.every(({ host }) => host !== undefined);
    });
    await until('its end was reported', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'batch.ended', data: { order: 'PO-1', passed: UNITS } }]);
    const { status, stdout, stderr } = typed('orchestrator', 'line', 'status', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const document = JSON.parse(stdout) as { server: { roles: RoleStanding[] } };
    expect(document).toMatchObject({
      product: expect.stringMatching(/^certline \d/) as string,
      needs: [],
      server: { namespace: 'default', version: expect.stringMatching(/^\d+\.\d+/) as string },
      registry: { name: rig.places.registry },
      ledger: { elsewhere: expect.stringContaining('on the host of the signer') as string },
    });
    const states = document.server.roles.map(({ role, state }) => [role, state]);
    expect(Object.fromEntries(states)).toEqual(ALL_POLLING);
  });

  it('has the orders of the signer with what is left, and its ledger', { timeout: 60_000 }, () => {
    const document = JSON.parse(typed('signer', 'line', 'status', '--json').stdout) as object;
    expect(document).toMatchObject({
      orders: { open: [{ order: 'PO-1', quantity: 5_000, released: UNITS, left: 5_000 - UNITS }] },
      ledger: { name: rig.places.ledger },
      registry: { elsewhere: expect.stringContaining('host of the orchestrator') as string },
    });
  });

  it('shows within 30 s that a station and a signer were killed', { timeout: 180_000 }, async () => {
    // Accepted while the signer answers for its order, and not through before it is killed.
    dropInto(rig.inbox, 'lot-2.csv', manifest(LARGE, 'PO-1', 'CM'));
    await until('the second lot has begun', () => rig.openBatches === 1, 60_000);
    await Promise.all([rig.kill('st-1'), rig.kill('signer')]);
    await untilRoles('the dead are silent', { ...ALL_POLLING, 'station st-1': 'silent', signer: 'silent' });
    const { status, stdout } = typed('st-1', 'line', 'status');
    expect(status).toBe(11);
    expect(stdout).toMatch(/^signer +silent +\d+ s ago +\S+, pid \d+$/m);
    expect(stdout).toMatch(/^st-1\/1 .* as it was .*: the station does not answer$/m);
    expect(stdout).toMatch(/^! signer: has been silent for \d+ s/m);
    expect(stdout).toMatch(/^! station st-1: has been silent for \d+ s .* start it again$/m);
    expect(stdout).not.toMatch(/^! (station st-2|orchestrator|intake)/m);
    const { stdout: doctor } = typed('orchestrator', 'doctor');
    expect(doctor).toMatch(/^warn +signer +has been silent for \d+ s/m);
    const down = (): string[] =>
      events.filter(({ type }) => type === 'role.down').map(({ data }) => String(data['role']));
    await until('both are reported', () => down().length >= 2, SHOWS_WITHIN_MS);
    expect(down().toSorted()).toEqual(['signer', 'station st-1']);
  });

  it('and so does the page of a batch in the Temporal UI, and a search', { timeout: 120_000 }, async () => {
    const { workflow } = new Client({ connection });
    const find = async (query: string): Promise<string[]> => {
      const found = [];
      for await (const { workflowId } of workflow.list({ query })) found.push(workflowId);
      return found;
    };
    let batches: string[] = [];
    await until(
      'the batch is found by what is wrong',
      async () => {
        batches = await find(`ProvStatus = 'LINE_TROUBLE' AND ProvError = 'SIGNER_UNREACHABLE'`);
        return batches.length === 1;
      },
      SHOWS_WITHIN_MS,
    );
    let details = '';
    await until(
      'its page has both',
      async () => {
        details = await currentDetails(workflow.getHandle(batches[0]!));
        return details.includes('STATION_UNREACHABLE') && details.includes('SIGNER_UNREACHABLE');
      },
      SHOWS_WITHIN_MS,
    );
    expect(details).toMatch(/^- `SIGNER_UNREACHABLE`: signer is silent since \S+Z \(last on host/m);
    expect(details).toMatch(/^- `STATION_UNREACHABLE`: station st-1 is silent since/m);
    expect(details).not.toContain('st-2');
    const { stdout } = typed('orchestrator', 'batch', 'show', batches[0]!.slice('batch/'.length));
    expect(stdout).toMatch(/^The line +signer is silent since/m);
    expect(stdout).toMatch(/^The line +station st-1 is silent since/m);
  });

  it('shows that they work again', { timeout: 200_000 }, async () => {
    rig.startRole('st-1');
    rig.startRole('signer');
    await Promise.all([rig.isUp('st-1'), rig.isUp('signer')]);
    await untilRoles('all roles ask for work', ALL_POLLING);
    await until(
      'the second lot passed',
      () => rig.passed === UNITS + LARGE && rig.openBatches === 0,
      100_000,
    );
    expect(typed('orchestrator', 'line', 'status').stdout).toContain('Nothing needs a person.');
  });
});
