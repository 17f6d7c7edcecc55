import { fileIn } from '../openssl.ts';
import type { Credential } from './delivered-credential.ts';
import type { Client } from './dtls-clients.ts';
import { DtlsServer } from './dtls-server.ts';
import type { ServerIdentity } from './dtls-server.ts';
import { Program } from './program.ts';
import type { Ended } from './program.ts';

/** Nobody answers there: what a client says with this port, it says before it sends anything. */
export const NO_SERVER = '9';

const MESSAGE = 'temperature 21.5';

/** What both sides know when it is over. */
export interface Handshake {
  /** The client's name and the cipher suite in the server's words; undefined where it accepted nobody. */
  readonly subject: string | undefined;
  readonly cipherSuite: string | undefined;
  /** Whether what the client sent afterwards arrived. */
  readonly received: boolean;
  readonly server: string;
  readonly client: string;
  /** Exit status of the client. */
  readonly status: number | null;
}

/** Where the server's identity is, and files for its clients. */
export interface Place {
  readonly folder: string;
  readonly identity: ServerIdentity;
}

/** Lets a client use this credential at a port; `chain` is a PEM file that it sends too. */
export async function runClient(
  { folder, identity }: Place,
  client: Client,
  port: string,
  credential: Credential & { readonly chain?: string },
): Promise<Ended> {
  const { key, certificate, chain } = credential;
  const files = {
    key: fileIn(folder, 'key.der', key),
    certificate: fileIn(folder, 'crt.der', certificate),
    server: identity.certificate,
    ...(chain !== undefined && { chain }),
  };
  const program = new Program(...client.command(folder, port, files));
  program.say(`${MESSAGE}\n`);
  return await program.ended;
}

/** One client with this credential at a server of its own, with the trust that these options of openssl give. */
export async function handshake(
  place: Place,
  client: Client,
  credential: Credential & { readonly chain?: string },
  trust: readonly string[],
): Promise<Handshake> {
  const server = await DtlsServer.start(place.identity, trust);
  try {
    const { status, log } = await runClient(place, client, server.port, credential);
    return { ...serverView((await server.ended).log), client: log, status };
  } finally {
    await server.kill();
  }
}

function serverView(log: string): Pick<Handshake, 'subject' | 'cipherSuite' | 'received' | 'server'> {
  return {
    subject: /^subject=(.*)$/m.exec(log)?.[1],
    cipherSuite: /^CIPHER is (.*)$/m.exec(log)?.[1],
    received: log.split('\n').includes(MESSAGE),
    server: log,
  };
}
