import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A TLS listener in front of a real server, which wants a client certificate. */
export interface MutualTlsRelay {
  /** For a role that connects there with the files `client.pem` and `client.key`. */
  readonly environment: Readonly<Record<string, string>>;
  /** The common names of those who connected, in order. */
  readonly seen: string[];
  /** Puts the certificate of this name in the place of `client.pem` and `client.key`. */
  readonly present: (name: string) => void;
  /** Puts half of a renewal in place. */
  readonly emptyCertificate: () => void;
  readonly halveCertificate: () => void;
  readonly removeCertificate: () => void;
  /** Refuses all of these names from now on, as if their certificates had expired, and cuts what they have open. */
  readonly expire: (...names: readonly string[]) => void;
}

/** Starts with the first certificate in place, until the end of the test. A certificate `stranger` is of another CA. */
export async function startMutualTlsRelay(
  target: string,
  namespace: string,
  clients: readonly [string, ...string[]] = ['a', 'b'],
): Promise<MutualTlsRelay> {
  const folder = makeCertificates(clients);
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const open = new Map<Socket, string>();
  const expired = new Set<string>();
  const seen: string[] = [];
  const credentials = { key: read('listener.key'), cert: read('listener.pem'), ca: read('ca.pem') };
  const options = { ...credentials, ALPNProtocols: ['h2'], requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (secure) => {
    const name = String(secure.getPeerCertificate().subject.CN);
    seen.push(name);
    if (expired.has(name)) return void secure.destroy();
    const [host = '', port] = target.split(':');
    const plain = connect(Number(port), host);
    open.set(secure, name).set(plain, name);
    secure.pipe(plain);
    plain.pipe(secure);
    for (const socket of [secure, plain]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        secure.destroy();
        plain.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (isMeant: (name: string) => boolean): void =>
    open.forEach((name, socket) => isMeant(name) && socket.destroy());
  onTestFinished(() => {
    server.close();
    cut(() => true);
  });
  const present = (name: string): void => {
    copyFileSync(join(folder, `${name}.pem`), join(folder, 'client.pem'));
    copyFileSync(join(folder, `${name}.key`), join(folder, 'client.key'));
  };
  present(clients[0]);
  return {
    environment: {
      TEMPORAL_ADDRESS: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      TEMPORAL_NAMESPACE: namespace,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca.pem'),
      TEMPORAL_TLS_CLIENT_CERT_PATH: join(folder, 'client.pem'),
      TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'client.key'),
    },
    seen,
    present,
    emptyCertificate: () => writeFileSync(join(folder, 'client.pem'), ''),
    halveCertificate: () => {
      const whole = read('client.pem');
      writeFileSync(join(folder, 'client.pem'), whole.subarray(0, whole.length / 2));
    },
    removeCertificate: () => rmSync(join(folder, 'client.pem')),
    expire: (...names) => {
      for (const name of names) expired.add(name);
      cut((name) => expired.has(name));
    },
  };
}

/** A CA, the listener's certificate, and those of the clients; `stranger` is of another CA. */
function makeCertificates(clients: readonly string[]): string {
  const folder = temporaryFolder();
  const openssl = (...options: string[]): Buffer =>
    execFileSync('openssl', options, { cwd: folder, stdio: 'pipe' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  const key = (name: string): string[] => [...curve, '-nodes', '-keyout', `${name}.key`];
  for (const ca of ['ca', 'other-ca'])
    openssl('req', '-x509', ...key(ca), '-out', `${ca}.pem`, '-subj', `/CN=${ca}`, '-days', '2');
  writeFileSync(join(folder, 'san'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const issue = (name: string, ca = 'ca'): void => {
    openssl('req', '-new', ...key(name), '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', 'san'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...by, '-days', '2');
  };
  for (const name of ['listener', ...clients]) issue(name);
  issue('stranger', 'other-ca');
  return folder;
}
