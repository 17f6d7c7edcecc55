import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from '../end-to-end/invariants.ts';
import { copyStore } from '../end-to-end/postgres-copy.ts';
import { readEvidence } from '../end-to-end/line-evidence.ts';
import { CLI } from '../end-to-end/line-process.ts';
import { dropInto, manifest } from '../end-to-end/line-rig.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startClusterRig } from './cluster-rig.ts';
import type { ClusterRig } from './cluster-rig.ts';
import { CLUSTER_INSTALLED, healthOf } from './temporal-cluster.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const UNITS = 200;
const ORDER = 'PO-1';
/** The role whose certificate is renewed. */
const RENEWED = 'signer-2';
/** What was under way at a host of history is tried again within a minute, and a role is missed after 30 s. */
const PATIENCE_MS = 240_000;

let rig: ClusterRig;

/** Kills something when so many units have passed, and waits until others pass: how many. */
async function passedAfter(passed: number, kill: () => Promise<void>): Promise<number> {
  await until(`${passed} passed`, () => rig.roles.passed >= passed, PATIENCE_MS);
  await kill();
  const now = rig.roles.passed;
  await until('more passed', () => rig.roles.passed > now, PATIENCE_MS);
  return rig.roles.passed - now;
}

/** Does not wait for its start: the lot continues meanwhile, and the next kill comes. */
async function killRole(role: string): Promise<void> {
  await rig.roles.kill(role);
  rig.roles.startRole(role);
}

/** What Temporal's variables of the first orchestrator are. */
function trusted(): NodeJS.ProcessEnv {
  return rig.cluster.environmentOf('orchestrator-1');
}

/** Certificate and key that another authority made, for the same name. */
function strangersCertificate(): NodeJS.ProcessEnv {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'tls'));
  symlinkSync(join(DEPLOY, 'make-certificates.sh'), join(folder, 'make-certificates.sh'));
  spawnSync('sh', [join(folder, 'make-certificates.sh'), 'orchestrator-1']);
  const own = join(folder, 'tls', 'orchestrator-1');
  return {
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(own, 'client.pem'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: join(own, 'client.key'),
  };
}

/** Starts a role with these variables of Temporal; it ends by itself when it is refused. */
function statusOf(temporal: NodeJS.ProcessEnv): { status: number | null; stderr: string } {
  const inherited = Object.entries(rig.roles.environmentOf('orchestrator-1'));
  const others = Object.fromEntries(inherited.filter(([name]) => !name.startsWith('TEMPORAL_')));
  const env = { ...others, ...temporal, CERTLINE_STATE: temporaryFolder() };
  const options = { env, encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'worker', 'orchestrator'], options);
  return { status, stderr };
}

interface Keys {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

function keysIn(client: string, file: string): Keys {
  const folder = rig.cluster.tlsFolder(client);
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const ca = read(client === 'server' ? 'cluster-ca.pem' : 'server-ca.pem');
  return { cert: read(`${file}.pem`), key: read(`${file}.key`), ca };
}

/** Whether a gRPC port says something to a client with these keys; else what TLS says. */
async function answerTo(place: Keys & { readonly host: string; readonly port: number }): Promise<string> {
  const socket = connect({ ...place, servername: 'temporal', ALPNProtocols: ['h2'] });
  try {
    return await new Promise<string>((resolve) => {
      socket.once('data', () => resolve('answered'));
      socket.once('error', (error) => resolve(error.message));
      socket.once('close', () => resolve('closed'));
    });
  } finally {
    socket.destroy();
  }
}

describe.skipIf(!CLUSTER_INSTALLED)(
  'a lot on the production topology (test/cluster/install.sh builds the server)',
  () => {
    beforeAll(async () => {
      rig = await startClusterRig();
    });
    afterAll(() => rig?.end());

    it.each(['without', 'with that of another authority'])('refuses a client %s a certificate', (which) => {
      const clients = {
        without: {
          ...trusted(),
          TEMPORAL_TLS_CLIENT_CERT_PATH: undefined,
          TEMPORAL_TLS_CLIENT_KEY_PATH: undefined,
        },
        'with that of another authority': { ...trusted(), ...strangersCertificate() },
      };
      const { status, stderr } = statusOf(clients[which as keyof typeof clients]);
      expect({ status, stderr }).toEqual({ status: 40, stderr: expect.stringContaining('TEMPORAL_TLS_') });
    });

    it('answers nobody without TLS', () => {
      const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE } = trusted();
      expect(statusOf({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE })).toMatchObject({ status: 40 });
    });

    it('lets no role speak to the inner parts of the server', async () => {
      const part = { host: '127.77.0.2', port: 7234 };
      expect(await answerTo({ ...part, ...keysIn('server', 'server') })).toBe('answered');
      expect(await answerTo({ ...part, ...keysIn('signer-1', 'client') })).toMatch(/alert/);
    });

    it('is started by one of two orchestrators', async () => {
      dropInto(rig.roles.inbox, 'lot.csv', manifest(UNITS, ORDER));
      await until('the batch is open', () => rig.roles.openBatches === 1, PATIENCE_MS);
      // While others are killed, this one gets its new certificate: see below.
      rig.cluster.makeCertificates(RENEWED);
    });

    it.each(['history-2', 'matching', 'frontend'] as const)(
      'survives a kill -9 of the server process %s',
      async (part) => {
        const passed = { 'history-2': 5, matching: 15, frontend: 30 }[part];
        const more = await passedAfter(passed, async () => {
          await rig.cluster.kill(part);
          rig.cluster.restart(part);
        });
        expect(more).toBeGreaterThan(0);
      },
    );

    it.each([
      ['orchestrator-1', 45],
      ['orchestrator-2', 60],
      ['signer-1', 75],
      ['st-3', 90],
    ])('survives a kill -9 of %s', async (role, passed) => {
      expect(await passedAfter(passed, () => killRole(role))).toBeGreaterThan(0);
    });

    it('survives a kill -9 of PostgreSQL', async () => {
      expect(await passedAfter(100, () => rig.cluster.postgres.killHard())).toBeGreaterThan(0);
    });

    it('goes on with a role whose certificate was renewed on disk', async () => {
      const log = join(rig.roles.stateOf(RENEWED), 'certline.log');
      const isInUse = (): boolean => readFileSync(log, 'utf8').includes('the new ones are in use');
      await until('its new certificate is in use', isInUse, PATIENCE_MS);
      expect(rig.roles.endsOf(RENEWED)).toEqual([]);
    });

    it('is whole: 200 units passed, and nothing contradicts anything', async () => {
      const { roles, cluster } = rig;
      await until('all passed', () => roles.passed === UNITS && roles.openBatches === 0, PATIENCE_MS);
      for (const [role, service] of [
        ['orchestrator-1', 'orchestrator'],
        ['signer-2', 'signer'],
      ] as const)
        expect(healthOf(service, roles.environmentOf(role))).toBe('');
      expect(roles.certline('signer-1', 'audit', 'verify')).toContain('The log is whole.');
      const exported = join(roles.folder, 'registry.jsonl');
      roles.certline('orchestrator-1', 'registry', 'export', exported);
      expect(roles.certline('signer-2', 'audit', 'reconcile', '--registry', exported)).toContain(
        String(UNITS),
      );
      await roles.down();
      const ledger = join(roles.folder, 'ledger.db');
      await copyStore('ledger', cluster.postgres, 'certline_ledger', ledger);
      const places = { ...roles.places, ledger };
      expect(violations(places)).toEqual([]);
      expect(readEvidence(places).units).toHaveLength(UNITS);
    });
  },
);
