import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { readSecretFile } from '../secret-file.ts';

/** Octets of a secret, by Standard Webhooks. */
const SECRET_OCTETS = { least: 24, most: 64 };

/**
 * The secrets in a file, one in each text line: two while the secret changes, and both sign. `name` is of the receiver, for
 * sentences. Throws `credentials`.
 */
export function readWebhookSecrets(secretFile: string, name: string): KeyObject[] {
  const lines = readSecretFile(secretFile, name).split('\n');
  return lines.map((line) => {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(line.trim()) ?? [];
    const secret = Buffer.from(base64, 'base64');
    if (secret.length >= SECRET_OCTETS.least && secret.length <= SECRET_OCTETS.most)
      return createSecretKey(secret);
    const message = `The secret of the registry ${name}, ${secretFile}, is not "whsec_" and the base64 of 24 to 64 bytes: correct the file.`;
    throw new DeviceRegistryError('credentials', message);
  });
}

/** The secrets of a receiver, as its file has them now. */
export class WebhookSecrets {
  readonly #file: string;
  readonly #name: string;
  #read: { readonly version: string; readonly secrets: readonly KeyObject[] } | undefined;

  /** `name` is of the receiver, for sentences. */
  constructor(file: string, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /** Read again when the file has changed: to read it for each event costs more than to sign. Throws `credentials`. */
  now(): readonly KeyObject[] {
    // Before the file is read: what changes in between is seen the next time.
    const version = versionOf(this.#file);
    if (this.#read !== undefined && version === this.#read.version) return this.#read.secrets;
    const secrets = readWebhookSecrets(this.#file, this.#name);
    this.#read = version === undefined ? undefined : { version, secrets };
    return secrets;
  }
}

/** The time of its last change is that of its rights, too. Undefined where the file cannot be seen. */
function versionOf(file: string): string | undefined {
  try {
    const { dev, ino, ctimeNs, size } = statSync(file, { bigint: true });
    return `${dev} ${ino} ${ctimeNs} ${size}`;
  } catch {
    return undefined;
  }
}

/** The headers of an event by Standard Webhooks 1.0 (standardwebhooks.com). The same event again has the same `id` and body. */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly KeyObject[],
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signatures = secrets.map((secret) => signatureOf(secret, `${id}.${timestamp}.${body}`));
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

function signatureOf(secret: KeyObject, text: string): string {
  return `v1,${createHmac('sha256', secret).update(text).digest('base64')}`;
}
