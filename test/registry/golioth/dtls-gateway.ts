import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Credential } from '../../pki/dtls/delivered-credential.ts';
import { OPENSSL_CLIENT } from '../../pki/dtls/dtls-clients.ts';
import { makeServerIdentity } from '../../pki/dtls/dtls-server.ts';
import type { ServerIdentity } from '../../pki/dtls/dtls-server.ts';
import { handshake } from '../../pki/dtls/handshake.ts';
import { fileIn } from '../../pki/openssl.ts';
import type { CloudDevice, GoliothDouble } from './golioth-double.ts';

/**
 * Where devices of a project connect: real DTLS 1.2, with trust in the CAs that were uploaded and in no others. Who comes in is a
 * device by the three rules.
 */
export class DtlsGateway {
  readonly #double: GoliothDouble;
  readonly #folder: string;
  readonly #identity: ServerIdentity;

  constructor(double: GoliothDouble, folder: string) {
    this.#double = double;
    this.#folder = folder;
    this.#identity = makeServerIdentity(folder);
  }

  /** What a device is after it connected with this credential; undefined where it is refused. */
  async connect(credential: Credential): Promise<CloudDevice | undefined> {
    const folder = mkdtempSync(join(this.#folder, 'device-'));
    const trusted = this.#double.certificates.map(({ pem }) => pem).join('');
    const trust = ['-partial_chain', '-CAfile', fileIn(folder, 'trusted.pem', trusted)];
    const place = { folder, identity: this.#identity };
    const { received, server } = await handshake(place, OPENSSL_CLIENT, credential, trust);
    // What the server saw, not what the device was given.
    const [seen] = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(server) ?? [];
    return received && seen !== undefined ? this.#double.connect(new X509Certificate(seen).raw) : undefined;
  }
}
