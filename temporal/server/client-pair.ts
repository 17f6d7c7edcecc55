import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ClientConfigTLS } from '@temporalio/envconfig';

type Source = NonNullable<ClientConfigTLS['clientCert']>;

const CERTIFICATE = 'TEMPORAL_TLS_CLIENT_CERT';
const KEY = 'TEMPORAL_TLS_CLIENT_KEY';
const CA = 'TEMPORAL_TLS_SERVER_CA_CERT';

/**
 * What is wrong with the files that a client shows a server, or trusts it by, and what to do, as a sentence; undefined
 * when nothing is. Temporal's configuration drops a certificate without a key, and TLS says of files that do not fit only that
 * something went wrong. Throws what reading a file throws.
 */
export function clientPairFault(tls: ClientConfigTLS | undefined): string | undefined {
  const { clientCert, clientKey, serverCACert, disabled } = tls ?? {};
  if (disabled === true) return undefined;
  if (serverCACert !== undefined && certificateIn(serverCACert) === undefined)
    return `${nameOf(CA, serverCACert)} holds no certificate in PEM: set it to the certificate of the server's CA.`;
  if (clientCert === undefined && clientKey === undefined) return undefined;
  if (clientKey === undefined)
    return `${nameOf(CERTIFICATE, clientCert)} is set without its key: set ${KEY}_PATH too.`;
  if (clientCert === undefined)
    return `${nameOf(KEY, clientKey)} is set without its certificate: set ${CERTIFICATE}_PATH too.`;
  const certificate = certificateIn(clientCert);
  if (certificate === undefined)
    return `${nameOf(CERTIFICATE, clientCert)} holds no certificate in PEM: replace it.`;
  const key = keyIn(clientKey);
  if (key === undefined)
    return `${nameOf(KEY, clientKey)} holds no private key in PEM without a passphrase: replace it.`;
  if (certificate.checkPrivateKey(key)) return undefined;
  return `${nameOf(KEY, clientKey)} is the key of another certificate than ${nameOf(CERTIFICATE, clientCert)}: replace both together.`;
}

/** The first one; of a client, it is its own. */
function certificateIn(source: Source): X509Certificate | undefined {
  try {
    return new X509Certificate(bytesOf(source));
  } catch (error) {
    if (isOfFile(error)) throw error;
    return undefined;
  }
}

function keyIn(source: Source): KeyObject | undefined {
  try {
    return createPrivateKey(bytesOf(source));
  } catch (error) {
    if (isOfFile(error)) throw error;
    return undefined;
  }
}

function bytesOf(source: Source): Buffer {
  return 'path' in source ? readFileSync(source.path) : Buffer.from(source.data);
}

function isOfFile(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

/** The variable, and the file that it names. */
function nameOf(variable: string, source: Source | undefined): string {
  return source !== undefined && 'path' in source ? `${variable}_PATH (${source.path})` : `${variable}_DATA`;
}
