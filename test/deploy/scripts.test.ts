import { execFile, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  renameSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { describe, expect, it, onTestFinished } from 'vitest';
import { passphraseFromFile } from '../../pki/keys/passphrase.ts';
import { SEARCH_ATTRIBUTES } from '../../provisioning/search-attributes.ts';
import { findTemporalBinary } from '../../temporal/program/temporal-binary.ts';
import { WORKER_HEARTBEAT_MS } from '../../temporal/worker-presence.ts';
import { testServer } from '../support/temporal-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  shutdownSignals: [],
  workerHeartbeatInterval: WORKER_HEARTBEAT_MS,
});

const deploy = join(import.meta.dirname, '../../deploy');
const roleHealth = fileURLToPath(new URL('../../deploy/role-health.ts', import.meta.url));
const run = promisify(execFile);

describe('every shell script', () => {
  const scripts = [
    'make-certificates.sh',
    'make-secrets.sh',
    ...readdirSync(join(deploy, 'temporal')).map((name) => `temporal/${name}`),
  ].filter((name) => name.endsWith('.sh'));

  it.each(scripts)('%s is well-formed, executable, and stops at the first error', (name) => {
    const path = join(deploy, name);
    expect(spawnSync('sh', ['-n', path], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(path).mode & 0o111).toBe(0o111);
    expect(readFileSync(path, 'utf8')).toMatch(/^#!\/bin\/sh\n(#.*\n)+set -eu\n/);
  });
});

describe('setup-namespace.sh', () => {
  it('gives a real server the namespace, its retention and our search attributes, twice', async () => {
    const { address } = await testServer();
    const bin = join(temporaryFolder(), 'bin');
    mkdirSync(bin);
    const binary = await findTemporalBinary({ environment: process.env, report: () => undefined });
    symlinkSync(binary.path, join(bin, 'temporal'));
    const namespace = `deploy-${process.pid}`;
    const env = {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: bin,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      RETENTION: '720h',
    };
    await run('sh', [join(deploy, 'temporal/setup-namespace.sh')], { env });
    await run('sh', [join(deploy, 'temporal/setup-namespace.sh')], { env });
    const connection = await Connection.connect({ address });
    onTestFinished(async () => connection.close());
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(720 * 60 * 60);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    expect(Object.keys(customAttributes ?? {}).toSorted()).toEqual(Object.keys(SEARCH_ATTRIBUTES).toSorted());
  });
});

/** A module for Node that gives its host another name. */
function nodeOnHost(name: string): string {
  const text = `import os from 'node:os'; import { syncBuiltinESMExports } from 'node:module';
    os.hostname = () => '${name}'; syncBuiltinESMExports();`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

describe('role-health.ts', () => {
  it('tells a role that asks for work from one that does not', async () => {
    const { address, namespace } = await testServer();
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: 'signer',
      identity: 'signer',
      activities: { sign: async () => undefined },
    });
    const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace };
    const check = async (identity: string, host?: string): Promise<string> => {
      const as = host === undefined ? [] : ['--import', nodeOnHost(host)];
      return run(process.execPath, [...as, roleHealth, 'signer', identity], { env }).then(
        () => 'well',
        (error: { stderr: string }) => error.stderr,
      );
    };
    await worker.runUntil(async () => {
      await expect.poll(() => check('signer'), { timeout: 20_000 }).toBe('well');
      expect(await check('another')).toContain(
        'the worker "another" has not asked for work on signer lately',
      );
      // Until the first report of the worker has come, its host is not known.
      await expect
        .poll(() => check('signer', 'another-container'), { timeout: 90_000, interval: 500 })
        .toContain('has not asked for work on signer lately');
      expect(await check('signer')).toBe('well');
    });
    await connection.close();
  });

  it('says that the server cannot be reached', async () => {
    const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:9' };
    const failure = await run(process.execPath, [roleHealth, 'q', 'i'], { env }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringMatching(/\S+\n$/) as string });
  });
});

describe.runIf(process.getuid?.() === 0 || process.getuid?.() === 1000)('make-secrets.sh', () => {
  it('makes what docker-compose.yml names, once, for the user of the containers alone', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'secrets'));
    const script = join(folder, 'make-secrets.sh');
    symlinkSync(join(deploy, 'make-secrets.sh'), script);
    expect(spawnSync('sh', [script]).status).toBe(0);
    const secrets = join(folder, 'secrets');
    const names = ['ca-passphrase', 'temporal-database-password'];
    expect(readdirSync(secrets).toSorted()).toEqual(names);
    const read = (): string[] => names.map((name) => readFileSync(join(secrets, name), 'utf8'));
    const first = read();
    expect(first.every((secret) => /^[0-9a-f]{64}$/.test(secret))).toBe(true);
    expect(new Set(first).size).toBe(2);
    for (const name of names) {
      const { mode, uid } = statSync(join(secrets, name));
      expect([mode & 0o777, uid]).toEqual([0o400, 1000]);
    }
    // As strict as the signer is with it.
    expect(passphraseFromFile(join(secrets, 'ca-passphrase')).length).toBe(64);
    expect(spawnSync('sh', [script]).status).toBe(0);
    expect(read()).toEqual(first);
  });
});

describe('make-certificates.sh', () => {
  const folder = temporaryFolder();
  const tls = join(folder, 'tls');
  mkdirSync(tls);
  const script = join(folder, 'make-certificates.sh');
  symlinkSync(join(deploy, 'make-certificates.sh'), script);
  const make = (...names: string[]): number | null => spawnSync('sh', [script, ...names]).status;
  const read = (path: string): string => readFileSync(join(tls, path), 'utf8');
  const certificate = (path: string): X509Certificate => new X509Certificate(read(path));

  it('makes what docker-compose.yml mounts, once, each key for one alone', () => {
    expect(make()).toBe(0);
    const compose = readFileSync(join(deploy, '..', 'docker-compose.yml'), 'utf8');
    const mounted = [...compose.matchAll(/- \.\/deploy\/tls\/([a-z]+):/g)].map(([, name]) => name ?? '');
    expect(readdirSync(tls).toSorted()).toEqual([...new Set(['authorities', ...mounted])].toSorted());
    for (const name of mounted) {
      const file = name === 'server' ? 'server' : 'client';
      expect(statSync(join(tls, `${name}/${file}.key`)).mode & 0o777).toBe(0o400);
      const key = createPrivateKey(read(`${name}/${file}.key`));
      expect(certificate(`${name}/${file}.pem`).checkPrivateKey(key)).toBe(true);
    }
    const first = read('signer/client.pem');
    expect(make()).toBe(0);
    expect(read('signer/client.pem')).toBe(first);
  });

  it('makes what a run that was killed has left half made', () => {
    const killed = join(tls, 'operator');
    chmodSync(killed, 0o700);
    renameSync(join(killed, 'client.pem'), join(killed, 'client.pem.new'));
    expect(make()).toBe(0);
    expect(readdirSync(killed).toSorted()).toEqual(['client.key', 'client.pem', 'server-ca.pem']);
    const key = createPrivateKey(read('operator/client.key'));
    expect(certificate('operator/client.pem').checkPrivateKey(key)).toBe(true);
  });

  it.runIf(process.getuid?.() === 0)('makes them also for a user who is not root', () => {
    const place = temporaryFolder();
    const own = join(place, 'make-certificates.sh');
    cpSync(join(deploy, 'make-certificates.sh'), own);
    mkdirSync(join(place, 'tls'));
    for (const path of [place, own, join(place, 'tls')]) chownSync(path, 1_000, 1_000);
    const made = spawnSync('sh', [own, 'ui'], { uid: 1_000, gid: 1_000, encoding: 'utf8' });
    expect(made.stdout).toContain('ui made');
    expect(readdirSync(join(place, 'tls/ui')).toSorted()).toEqual([
      'client.key',
      'client.pem',
      'server-ca.pem',
    ]);
  });

  it('gives clients an authority that the inner parts of the server do not know', () => {
    const [client, server] = [certificate('signer/client.pem'), certificate('server/server.pem')];
    const [clients, cluster] = [certificate('server/client-ca.pem'), certificate('signer/server-ca.pem')];
    const verdicts = [clients, cluster].map((ca) =>
      [client, server].map((leaf) => leaf.checkIssued(ca) && leaf.verify(ca.publicKey)),
    );
    expect(verdicts).toEqual([
      [true, false],
      [false, true],
    ]);
    expect(server.checkHost('temporal')).toBe('temporal');
  });

  it('renews by name, under the same authority, and makes further clients', () => {
    const before = read('station/client.pem');
    expect(make('station', 'station-2')).toBe(0);
    expect(read('station/client.pem')).not.toBe(before);
    const authority = certificate('server/client-ca.pem').publicKey;
    for (const name of ['station', 'station-2'])
      expect(certificate(`${name}/client.pem`).verify(authority)).toBe(true);
  });

  it('makes no other authorities where those of before were moved away, and touches nothing', () => {
    const [before, away] = [read('station/client.pem'), join(folder, 'away')];
    renameSync(join(tls, 'authorities'), away);
    const { status, stderr } = spawnSync('sh', [script, 'station'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('bring authorities/ back'),
    });
    expect(make()).toBe(1);
    expect(existsSync(join(tls, 'authorities'))).toBe(false);
    expect(read('station/client.pem')).toBe(before);
    renameSync(away, join(tls, 'authorities'));
    expect(make('station')).toBe(0);
  });

  it.each(['authorities', '../elsewhere', 'Station'])('makes nothing that is called %s', (name) => {
    expect(make(name)).toBe(2);
  });
});
