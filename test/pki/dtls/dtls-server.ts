import { join } from 'node:path';
import { openssl } from '../openssl.ts';
import { Program } from './program.ts';
import type { Ended } from './program.ts';

/** The only one that Golioth's firmware offers by default, in OpenSSL's words. */
export const CIPHER_SUITE = 'ECDHE-ECDSA-AES128-GCM-SHA256';

/** Paths of the certificate, which clients trust as it is, and the key of a server that is called "localhost". */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** A fresh identity in `folder`. */
export function makeServerIdentity(folder: string): ServerIdentity {
  const identity = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key.pem') };
  const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  openssl('req', '-x509', ...keyOptions, ...name, '-keyout', identity.key, '-out', identity.certificate);
  return identity;
}

/** A cloud's side of one handshake: it demands a client certificate under what `trust`, options of openssl, says. */
export class DtlsServer {
  readonly #program: Program;
  /** On 127.0.0.1, chosen by the system. */
  readonly port: string;

  private constructor(program: Program, port: string) {
    this.#program = program;
    this.port = port;
  }

  static async start(identity: ServerIdentity, trust: readonly string[]): Promise<DtlsServer> {
    const protocol = ['-dtls1_2', '-cipher', CIPHER_SUITE, '-accept', '127.0.0.1:0', '-naccept', '1'];
    const own = ['-cert', identity.certificate, '-key', identity.key];
    const demands = ['-Verify', '2', '-verify_return_error', '-nameopt', 'oneline', ...trust];
    const program = new Program('openssl', ['s_server', ...protocol, ...own, ...demands]);
    const [, port = ''] = await program.printed(/^ACCEPT 127\.0\.0\.1:(\d+)\n/m);
    return new DtlsServer(program, port);
  }

  /** It ends by itself after one client, whatever became of it. */
  get ended(): Promise<Ended> {
    return this.#program.ended;
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }
}
