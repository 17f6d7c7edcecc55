import { createHmac } from 'node:crypto';
import { DeviceRegistryError } from '../device-registry-error.ts';
import { readSecretLine } from '../secret-file.ts';

/** A token is made for each request, so that it need not live long; clocks may differ by some minutes. */
const LIFETIME_S = 900;

/** A shared access signature, as a header has it, and what is secret in it and behind it. */
export interface SasToken {
  readonly authorization: string;
  /** Of the service that it is for. */
  readonly host: string;
  readonly secrets: readonly string[];
}

/**
 * A shared access signature for the host in a connection string, which is what the file contains:
 * `HostName=…;SharedAccessKeyName=…;SharedAccessKey=…`. Throws `credentials`.
 */
export function sasToken(path: string, name: string, now = Date.now()): SasToken {
  const text = readSecretLine(path, name);
  const valueOf = (key: string): string | undefined => new RegExp(`(?:^|;)${key}=([^;]+)`).exec(text)?.[1];
  const [host, policy, key] = [
    valueOf('HostName'),
    valueOf('SharedAccessKeyName'),
    valueOf('SharedAccessKey'),
  ];
  if (host === undefined || policy === undefined || key === undefined) {
    const message = `The credential of the registry ${name}, ${path}, is not a connection string "HostName=…;SharedAccessKeyName=…;SharedAccessKey=…": copy it from the shared access policies of the service.`;
    throw new DeviceRegistryError('credentials', message);
  }
  const resource = encodeURIComponent(host);
  const expiry = Math.floor(now / 1_000) + LIFETIME_S;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
    .update(`${resource}\n${expiry}`)
    .digest('base64');
  const authorization = `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(policy)}`;
  return { authorization, host, secrets: [key, signature] };
}
