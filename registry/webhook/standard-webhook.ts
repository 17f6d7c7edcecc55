import { createHmac } from 'node:crypto';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { readSecretFile } from '../secret-file.ts';

/** Octets of a secret, by Standard Webhooks. */
const SECRET_OCTETS = { least: 24, most: 64 };

/**
 * The secrets in a file, one in each text line: two while the secret changes, and both sign. `name` is of the receiver, for
 * sentences. Throws `credentials`.
 */
export function readWebhookSecrets(secretFile: string, name: string): Buffer[] {
  const lines = readSecretFile(secretFile, name).split('\n');
  return lines.map((line) => {
    const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(line.trim()) ?? [];
    const secret = Buffer.from(base64, 'base64');
    if (secret.length >= SECRET_OCTETS.least && secret.length <= SECRET_OCTETS.most) return secret;
    const message = `The secret of the registry ${name}, ${secretFile}, is not "whsec_" and the base64 of 24 to 64 bytes: correct the file.`;
    throw new DeviceRegistryError('credentials', message);
  });
}

/** The headers of an event by Standard Webhooks 1.0 (standardwebhooks.com). The same event again has the same `id` and body. */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly Buffer[],
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

function signatureOf(secret: Buffer, text: string): string {
  return `v1,${createHmac('sha256', secret).update(text).digest('base64')}`;
}
