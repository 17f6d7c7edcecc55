// Inputs as in a real outage: a TLS listener in front of a real server that wants a client certificate, short-lived
// certificates whose files are replaced, connections that are cut, an expired certificate that is refused.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { watchExternalServer } from '../../../temporal/server/server-watch.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { testServer } from '../../support/temporal-server.ts';

const PACE = { everyMs: 50, connectMs: 2_000, silentMs: 1_000 };

/** A CA, the listener's certificate, and client certificates `a` and `b` of it; `stranger` is of another CA. */
function makeCertificates(): string {
  const folder = temporaryFolder();
  const openssl = (...options: string[]): Buffer =>
    execFileSync('openssl', options, { cwd: folder, stdio: 'pipe' });
  const key = (name: string): string[] => [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
  ];
  for (const ca of ['ca', 'other-ca'])
    openssl('req', '-x509', ...key(ca), '-out', `${ca}.pem`, '-subj', `/CN=${ca}`, '-days', '2');
  const issue = (name: string, ca = 'ca'): void => {
    openssl('req', '-new', ...key(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    const by = [
      '-CA',
      `${ca}.pem`,
      '-CAkey',
      `${ca}.key`,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'san',
    ];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by);
  };
  for (const name of ['listener', 'a', 'b']) issue(name);
  issue('stranger', 'other-ca');
  return folder;
}

interface Relay {
  readonly address: string;
  /** Refuses everybody from now on, as if every certificate had expired, and cuts what is open. */
  readonly expire: () => void;
}

async function startRelay(folder: string, target: string): Promise<Relay> {
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const open = new Set<Socket>();
  let expired = false;
  const options = {
    key: read('listener.key'),
    cert: read('listener.pem'),
    ca: read('ca.pem'),
    ALPNProtocols: ['h2'],
  };
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (secure) => {
    if (expired) return void secure.destroy();
    const [host = '', port] = target.split(':');
    const plain = connect(Number(port), host);
    open.add(secure).add(plain);
    secure.pipe(plain);
    plain.pipe(secure);
    for (const socket of [secure, plain]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        secure.destroy();
        plain.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => open.forEach((socket) => socket.destroy());
  onTestFinished(() => {
    server.close();
    cut();
  });
  const expire = (): void => {
    expired = true;
    cut();
  };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, expire };
}

function present(folder: string, name: string): void {
  copyFileSync(join(folder, `${name}.pem`), join(folder, 'client.pem'));
  copyFileSync(join(folder, `${name}.key`), join(folder, 'client.key'));
}

async function watched(): Promise<{ folder: string; relay: Relay; lost: Promise<never> }> {
  const folder = makeCertificates();
  present(folder, 'a');
  const { address, namespace } = await testServer();
  const relay = await startRelay(folder, address);
  const environment = {
    TEMPORAL_ADDRESS: relay.address,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca.pem'),
    TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'client.pem'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'client.key'),
  };
  const watch = watchExternalServer(environment, PACE);
  onTestFinished(watch.stop);
  return { folder, relay, lost: watch.lost };
}

/** How it ended within so many ms, or that it goes on. */
async function within(ms: number, lost: Promise<never>): Promise<string> {
  const goesOn = new Promise<string>((resolve) => setTimeout(() => resolve('goes on'), ms).unref());
  return await Promise.race([
    lost.catch((error: Error & { code?: string }) => `${error.code}: ${error.message}`),
    goesOn,
  ]);
}

describe('a role on a server with mutual TLS', () => {
  it('ends when its certificate was replaced on disk, and not while half of it is', async () => {
    const { folder, lost } = await watched();
    writeFileSync(join(folder, 'client.pem'), '');
    expect(await within(400, lost)).toBe('goes on');
    present(folder, 'a');
    expect(await within(400, lost)).toBe('goes on');
    present(folder, 'b');
    expect(await within(10_000, lost)).toMatch(
      /^TEMPORAL_LOST: The credentials .* were replaced: this process ends/,
    );
  });

  it('ends when its certificate is no longer accepted', async () => {
    const { relay, lost } = await watched();
    expect(await within(300, lost)).toBe('goes on');
    relay.expire();
    expect(await within(20_000, lost)).toMatch(
      /^TEMPORAL_LOST: No connection to the Temporal server at 127\.0\.0\.1:\d+ for \d+ s \(/,
    );
  });

  it('is refused with the certificate of a stranger', async () => {
    const { folder, lost } = await watched();
    present(folder, 'stranger');
    expect(await within(10_000, lost)).toMatch(/^TEMPORAL_LOST/);
  });
});

describe('a role on a server of its own host', () => {
  it('has nothing to watch', async () => {
    const watch = watchExternalServer({}, PACE);
    onTestFinished(watch.stop);
    expect(await within(300, watch.lost)).toBe('goes on');
  });
});
