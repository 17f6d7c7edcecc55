import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { pemOf } from '../../../pki/x509/pem.ts';
import type { Credential } from '../../pki/dtls/delivered-credential.ts';
import { makeServerIdentity } from '../../pki/dtls/dtls-server.ts';
import { fileIn } from '../../pki/openssl.ts';
import { freePort } from '../../../temporal/server/server-ports.ts';
import { until } from '../../support/until.ts';

const BROKER = '/usr/sbin/mosquitto';
const CLIENT = '/usr/bin/mosquitto_pub';

/** Whether the broker and its clients are here. */
export const MOSQUITTO_INSTALLED = existsSync(BROKER) && existsSync(CLIENT);

/** A real Mosquitto on 127.0.0.1, which ends with the test. */
export class Mosquitto {
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #server: string;
  #log = '';

  private constructor(folder: string, child: ChildProcess, port: number, server: string) {
    this.#folder = folder;
    this.#child = child;
    this.#port = port;
    this.#server = server;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
  }

  /** `configuration` as the manual has it, with the files that are in `folder`; its port is another. */
  static async start(folder: string, configuration: string): Promise<Mosquitto> {
    const identity = makeServerIdentity(folder);
    const port = await freePort();
    const lines = configuration
      .replace(/^listener 8883$/m, `listener ${port} 127.0.0.1`)
      .replaceAll('/etc/mosquitto/certs/server.pem', identity.certificate)
      .replaceAll('/etc/mosquitto/certs/server.key', identity.key)
      .replaceAll('/etc/mosquitto/certline', folder);
    // As root it would give up its rights, and could not read the folder of the test.
    const path = fileIn(folder, 'mosquitto.conf', `user root\nlog_dest stderr\n${lines}`);
    const child = spawn(BROKER, ['-c', path], { stdio: ['ignore', 'ignore', 'pipe'] });
    const broker = new Mosquitto(folder, child, port, identity.certificate);
    onTestFinished(async () => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    });
    await until('the broker runs', () => {
      if (child.exitCode !== null) throw new Error(`Mosquitto ended: ${broker.#log}`);
      return broker.#log.includes(' running');
    });
    return broker;
  }

  /** Makes it read its files again. */
  reload(): void {
    this.#child.kill('SIGHUP');
  }

  /**
   * Connects with the files of a device, as they are on it, and publishes to a topic: by what name the broker knows it, undefined
   * where it does not let it in. `isAccepted` says whether it may publish there.
   */
  async publish(
    { key, certificate }: Credential,
    topic: string,
  ): Promise<{ readonly name: string | undefined; readonly isAccepted: boolean }> {
    const folder = mkdtempSync(join(this.#folder, 'device-'));
    const pem = createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'sec1' }).export({
      format: 'pem',
      type: 'sec1',
    });
    const files = [
      ['--cafile', this.#server],
      ['--cert', fileIn(folder, 'crt.pem', pemOf('CERTIFICATE', certificate))],
      ['--key', fileIn(folder, 'key.pem', pem)],
    ].flat();
    const seen = this.#log.length;
    const to = ['-h', 'localhost', '-p', String(this.#port), '-V', '5', '-q', '1'];
    const status = await new Promise<number>((resolve, reject) => {
      const args = [...to, ...files, '-t', topic, '-m', 'hello'];
      execFile(CLIENT, args, { timeout: 10_000 }, (error, _stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve(error === null && stderr === '' ? 0 : 1);
      });
    });
    const [, name] = / New client connected .*u'([^']*)'/.exec(this.#log.slice(seen)) ?? [];
    return { name, isAccepted: status === 0 };
  }
}
