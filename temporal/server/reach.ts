import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { bracketed, placeOf } from './address.ts';
import type { Place } from './address.ts';
import { isDnsSilent } from './silent-dns.ts';
import type { TemporalConnectionOptions } from './temporal-server.ts';

/** What a client says first in HTTP/2 (RFC 9113 §3.4), with empty settings. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
/** Place and value of the type of the first frame of a server. */
const FRAME_TYPE = 3;
const SETTINGS = 4;
/** First octet of a TLS alert (RFC 8446 §5.1). */
const TLS_ALERT = 21;

/** Why the server cannot be reached, and what to do: the rest of a sentence, to be put behind its address. */
export class Obstacle extends Error {
  override readonly name = 'Obstacle';
}

/**
 * Goes the way to the server step by step, since gRPC says only that there was no connection in time: name, port, proxy, TLS,
 * HTTP/2. Resolves when a server of gRPC answers; throws an Obstacle within `ms`.
 */
export async function reachServer(options: TemporalConnectionOptions, ms: number): Promise<void> {
  const signal = AbortSignal.timeout(ms);
  const place = mustBePlace(options.address ?? '');
  const tls = options.tls ?? options.apiKey !== undefined;
  let open: Socket | undefined;
  try {
    open = await openWay(options.proxy, place, signal);
    if (tls === false || tls === null) await greetPlain(open, options, place, signal);
    else {
      const secured = await secure(open, tls === true ? {} : tls, place, signal);
      open = secured;
      await greetSecured(secured, tls === true ? {} : tls, signal);
    }
  } catch (error) {
    if (error instanceof Obstacle || !signal.aborted) throw error;
    throw new Obstacle(`gives no answer within ${ms / 1_000} s: check the address, and firewalls on the way`);
  } finally {
    open?.destroy();
  }
}

/** Configurations with another address are refused where they are read. */
function mustBePlace(address: string): Place {
  const place = placeOf(address);
  if (place === undefined)
    throw new Obstacle('is no address like temporal.example:7233: correct TEMPORAL_ADDRESS');
  return place;
}

async function openWay(
  proxy: TemporalConnectionOptions['proxy'],
  place: Place,
  signal: AbortSignal,
): Promise<Socket> {
  if (proxy === undefined) return await openPort(place, signal);
  const { targetHost, basicAuth } = proxy;
  const says = `cannot be reached by the proxy ${targetHost}`;
  const remedy = 'correct https_proxy, or add the server to no_proxy';
  const { host, port } = mustBePlace(targetHost);
  if (isIP(host) === 0 && (await isDnsSilent(host, signal)))
    throw new Obstacle(`${says}, for whose name no name server answers: check the DNS of this host`);
  const authority = `${bracketed(place.host)}:${place.port}`;
  const asked = request({
    host,
    port,
    method: 'CONNECT',
    path: authority,
    headers: { host: authority },
    agent: false,
    signal,
    ...(basicAuth && { auth: `${basicAuth.username}:${basicAuth.password}` }),
  });
  asked.on('error', () => undefined);
  asked.end();
  try {
    const [answer, socket] = (await Promise.race([
      once(asked, 'connect', { signal }),
      once(asked, 'response', { signal }),
    ])) as [{ statusCode?: number }, Socket];
    if (answer.statusCode === 200) return socket;
    throw new Obstacle(`${says}, which answers ${answer.statusCode}: ${remedy}`);
  } catch (error) {
    asked.destroy();
    if (error instanceof Obstacle || signal.aborted) throw error;
    throw new Obstacle(`${says} (${codeOf(error)}): ${remedy}`);
  }
}

async function openPort({ host, port }: Place, signal: AbortSignal): Promise<Socket> {
  if (isIP(host) === 0) await resolveName(host, signal);
  const socket = connectTcp({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw error;
    const code = codeOf(error);
    if (code === 'ECONNREFUSED')
      throw new Obstacle(
        'refuses the connection, nothing listens on the port: start it, correct TEMPORAL_ADDRESS, or unset it to let Certline run its own',
      );
    throw new Obstacle(`cannot be reached (${code}): check the address, and the network of this host`);
  }
}

async function resolveName(host: string, signal: AbortSignal): Promise<void> {
  if (await isDnsSilent(host, signal))
    throw new Obstacle('has a name for which no name server answers: check the DNS of this host');
  const late = once(signal, 'abort');
  try {
    await Promise.race([lookup(host), late]);
  } catch (error) {
    throw new Obstacle(
      `has a name that cannot be resolved (${codeOf(error)}): correct TEMPORAL_ADDRESS, or the DNS of this host`,
    );
  }
  signal.throwIfAborted();
}

type Tls = Exclude<NonNullable<TemporalConnectionOptions['tls']>, boolean>;

async function secure(socket: Socket, tls: Tls, { host }: Place, signal: AbortSignal): Promise<TLSSocket> {
  const secured = connectTls({ socket, ...tlsOptions(tls, host) });
  try {
    await once(secured, 'secureConnect', { signal });
    return secured;
  } catch (error) {
    secured.destroy();
    if (signal.aborted) throw error;
    throw certificateObstacle(error) ?? clientObstacle(error, tls) ?? tlsObstacle(error);
  }
}

function tlsOptions(
  { serverNameOverride, serverRootCACertificate, clientCertPair }: Tls,
  host: string,
): ConnectionOptions {
  const name = serverNameOverride ?? host;
  return {
    ALPNProtocols: ['h2'],
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
    ...(serverRootCACertificate && { ca: Buffer.from(serverRootCACertificate) }),
    ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  };
}

/** In TLS 1.3 a server says only now what it thinks of the client's certificate. */
async function greetSecured(socket: TLSSocket, tls: Tls, signal: AbortSignal): Promise<void> {
  let first: Buffer | undefined;
  try {
    first = await firstAnswer(socket, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw clientObstacle(error, tls) ?? tlsObstacle(error);
  }
  if (first?.[FRAME_TYPE] === SETTINGS) return;
  if (first !== undefined)
    throw new Obstacle('speaks TLS, but is no Temporal server: correct TEMPORAL_ADDRESS');
  throw new Obstacle(
    tls.clientCertPair === undefined
      ? 'ends the connection after TLS was set up: it may ask for a client certificate (TEMPORAL_TLS_CLIENT_CERT_PATH), or be no Temporal server'
      : 'ends the connection after TLS was set up: it may refuse the client certificate of TEMPORAL_TLS_CLIENT_CERT_PATH, or be no Temporal server',
  );
}

async function greetPlain(
  socket: Socket,
  options: TemporalConnectionOptions,
  place: Place,
  signal: AbortSignal,
): Promise<void> {
  let first: Buffer | undefined;
  try {
    first = await firstAnswer(socket, signal);
  } catch (error) {
    if (signal.aborted) throw error;
  }
  if (first?.[FRAME_TYPE] === SETTINGS && first[0] !== TLS_ALERT) return;
  if (first?.[0] === TLS_ALERT || (await speaksTls(options, place, signal)))
    throw new Obstacle(
      'expects TLS, and TLS is off: set TEMPORAL_TLS=true, and TEMPORAL_TLS_SERVER_CA_CERT_PATH to its CA',
    );
  throw new Obstacle('is no Temporal server: correct TEMPORAL_ADDRESS');
}

/** What a server that speaks TLS does with a plain greeting differs: it is asked for TLS, with any certificate. */
async function speaksTls(
  { proxy }: TemporalConnectionOptions,
  place: Place,
  signal: AbortSignal,
): Promise<boolean> {
  const socket = await openWay(proxy, place, signal);
  const secured = connectTls({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  try {
    await once(secured, 'secureConnect', { signal });
    return true;
  } catch (error) {
    return codeOf(error).includes('_ALERT_');
  } finally {
    secured.destroy();
    socket.destroy();
  }
}

/** The first octets that the other side sends; undefined where it ends without any. */
async function firstAnswer(socket: Socket, signal: AbortSignal): Promise<Buffer | undefined> {
  socket.write(PREFACE);
  const ending = new AbortController();
  const either = { signal: AbortSignal.any([signal, ending.signal]) };
  try {
    const [data] = (await Promise.race([once(socket, 'data', either), once(socket, 'end', either)])) as [
      Buffer?,
    ];
    return data;
  } finally {
    ending.abort();
  }
}

function certificateObstacle(error: unknown): Obstacle | undefined {
  const code = codeOf(error);
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return new Obstacle(
        'has a certificate that has expired: renew it on the server, or correct the clock of this host',
      );
    case 'CERT_NOT_YET_VALID':
      return new Obstacle(
        'has a certificate that is not valid yet: correct the clock of this host or of the server',
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return new Obstacle(
        'has a certificate for another name: set TEMPORAL_TLS_SERVER_NAME to a name in it, or correct TEMPORAL_ADDRESS',
      );
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return new Obstacle(
        `has a certificate of a CA that this host does not trust (${code}): set TEMPORAL_TLS_SERVER_CA_CERT_PATH to the PEM file of its CA`,
      );
    default:
      return undefined;
  }
}

/** Alerts about a certificate that the server needs, or did not like. */
function clientObstacle(error: unknown, { clientCertPair }: Tls): Obstacle | undefined {
  const code = codeOf(error);
  if (!/_ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/.test(code)) return undefined;
  return new Obstacle(
    clientCertPair === undefined
      ? 'asks for a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH'
      : `refuses the client certificate (${code}): renew the file of TEMPORAL_TLS_CLIENT_CERT_PATH`,
  );
}

function tlsObstacle(error: unknown): Obstacle {
  return new Obstacle(
    `does not speak TLS (${codeOf(error)}), and TLS is on: set TEMPORAL_TLS=false, unset the other TEMPORAL_TLS_ variables and TEMPORAL_API_KEY, or set TEMPORAL_ADDRESS to its port with TLS`,
  );
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
