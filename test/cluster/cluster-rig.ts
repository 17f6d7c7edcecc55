import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RolesRig } from '../end-to-end/roles-rig.ts';
import type { RoleNames } from '../end-to-end/roles-rig.ts';
import { TemporalCluster } from './temporal-cluster.ts';

export const ROLES: RoleNames = {
  orchestrators: ['orchestrator-1', 'orchestrator-2'],
  signers: ['signer-1', 'signer-2'],
  stations: ['st-1', 'st-2', 'st-3', 'st-4'],
};
const ALL = [...ROLES.orchestrators, ...ROLES.signers, ...ROLES.stations];

const LEDGER_PASSWORD = 'a-password-of-the-ledger';

/** A line of eight roles with a supervisor, and the server that they work for. */
export interface ClusterRig {
  readonly cluster: TemporalCluster;
  readonly roles: RolesRig;
  end(): Promise<void>;
}

/** The whole topology: two orchestrators, two signers on one ledger, four stations, each with a certificate of its own. */
export async function startClusterRig(): Promise<ClusterRig> {
  const folder = mkdtempSync(join(tmpdir(), 'certline-cluster-'));
  const cluster = await TemporalCluster.start(folder);
  try {
    cluster.makeCertificates(...ALL);
    const roles = await RolesRig.start({
      roles: ROLES,
      server: cluster,
      signer: { ledger: await makeLedger(cluster, folder) },
      supervised: true,
    });
    const end = async (): Promise<void> => {
      await roles.end();
      rmSync(folder, { recursive: true, force: true });
    };
    return { cluster, roles, end };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** As docs/deployment.md says: a database that belongs to a role of the signers. */
async function makeLedger({ postgres }: TemporalCluster, folder: string): Promise<object> {
  const password = `PASSWORD '${LEDGER_PASSWORD}'`;
  await postgres.sql('postgres', `CREATE ROLE certline_signer LOGIN ${password}`);
  await postgres.sql('postgres', 'CREATE DATABASE certline_ledger OWNER certline_signer');
  const passwordFile = join(folder, 'ledger.password');
  writeFileSync(passwordFile, `${LEDGER_PASSWORD}\n`, { mode: 0o600 });
  return {
    postgres: `postgresql://certline_signer@127.0.0.1:${postgres.port}/certline_ledger`,
    passwordFile,
  };
}
