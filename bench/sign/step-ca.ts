import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { generateDeviceKey } from '../../pki/keys/device-key.ts';
import { pemOf } from '../../pki/x509/pem.ts';
import { freePort } from '../../temporal/server/server-ports.ts';
import { makeOpensslChain } from './openssl-chain.ts';

/** The databases that step-ca can have in a folder: badger is its default, bbolt syncs each of its transactions. */
export type StepCaDatabase = 'badgerv2' | 'bbolt';

const PROVISIONER = 'bench';
const KEY_ID = 'bench-key';
const START_TIMEOUT_MS = 15_000;

/** The path of step-ca, built when it is not there yet. Throws where that cannot be. */
export function installStepCa(): string {
  const script = new URL('./install-step-ca.sh', import.meta.url).pathname;
  return execFileSync(script, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** A step-ca of its own on the loopback, with one JWK provisioner and P-256 keys. */
export class StepCa {
  readonly pid: number;
  readonly #stop: () => Promise<void>;
  readonly #port: number;
  readonly #key: KeyObject;
  readonly #agent: Agent;

  private constructor(pid: number, stop: () => Promise<void>, port: number, key: KeyObject, agent: Agent) {
    this.pid = pid;
    this.#stop = stop;
    this.#port = port;
    this.#key = key;
    this.#agent = agent;
  }

  static async start(program: string, folder: string, database: StepCaDatabase): Promise<StepCa> {
    mkdirSync(folder);
    makeOpensslChain(folder);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const port = await freePort();
    const configPath = join(folder, 'ca.json');
    const jwk = { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: KEY_ID };
    writeFileSync(configPath, JSON.stringify(configOf(folder, port, database, jwk)));
    const child = spawn(program, [configPath], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-2_000)));
    const exited = once(child, 'exit');
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      await exited;
    };
    const agent = new Agent({ keepAlive: true, ca: readFileSync(join(folder, 'root.pem')) });
    const stepCa = new StepCa(child.pid!, stop, port, privateKey, agent);
    await stepCa.#untilHealthy(
      () => child.exitCode !== null,
      () => said,
    );
    return stepCa;
  }

  /** Jobs that have a CSR signed each; the CSRs and their one-time tokens are made before they run. */
  jobs(count: number): (() => Promise<unknown>)[] {
    return Array.from({ length: count }, () => {
      const name = randomUUID().toUpperCase();
      const csr = pemOf('CERTIFICATE REQUEST', generateDeviceKey().createCsr({ serial: name }));
      const body = JSON.stringify({ csr, ott: this.#tokenFor(name) });
      return () => this.#call('POST', '/1.0/sign', 201, body);
    });
  }

  stop(): Promise<void> {
    this.#agent.destroy();
    return this.#stop();
  }

  #tokenFor(sub: string): string {
    const nowS = Math.floor(Date.now() / 1_000);
    const aud = `https://localhost:${this.#port}/1.0/sign`;
    const claims = {
      iss: PROVISIONER,
      sub,
      aud,
      iat: nowS,
      nbf: nowS - 5,
      exp: nowS + 240,
      jti: randomUUID(),
    };
    const parts = [{ alg: 'ES256', typ: 'JWT', kid: KEY_ID }, claims];
    const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const key = { key: this.#key, dsaEncoding: 'ieee-p1363' } as const;
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }

  async #call(method: string, path: string, expected: number, body = ''): Promise<void> {
    const sent = request({ host: 'localhost', port: this.#port, method, path, agent: this.#agent });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const content = await text(answer);
    if (answer.statusCode !== expected) throw new Error(`step-ca answered ${answer.statusCode}: ${content}`);
  }

  async #untilHealthy(hasExited: () => boolean, said: () => string): Promise<void> {
    for (const deadline = Date.now() + START_TIMEOUT_MS; ;) {
      try {
        return await this.#call('GET', '/health', 200);
      } catch (error) {
        if (!hasExited() && Date.now() < deadline) {
          await sleep(50);
          continue;
        }
        await this.stop();
        throw new Error(`step-ca did not start: ${said()}`, { cause: error });
      }
    }
  }
}

function configOf(folder: string, port: number, database: StepCaDatabase, key: object): object {
  return {
    root: join(folder, 'root.pem'),
    crt: join(folder, 'ica.pem'),
    key: join(folder, 'ica.key'),
    address: `127.0.0.1:${port}`,
    dnsNames: ['localhost'],
    logger: { format: 'text' },
    db: { type: database, dataSource: join(folder, 'db') },
    authority: { provisioners: [{ type: 'JWK', name: PROVISIONER, key }] },
  };
}
