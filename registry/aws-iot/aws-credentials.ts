import { DeviceRegistryError } from '../device-registry-error.ts';
import { readSecretFile } from '../secret-file.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The file has the text lines of AWS's own credentials file, for one profile. Throws `credentials`. */
export function readAwsCredentials(path: string, name: string): AwsCredentials {
  const text = readSecretFile(path, name);
  const valueOf = (key: string): string | undefined =>
    new RegExp(`^${key}\\s*=\\s*(\\S+)\\s*$`, 'm').exec(text)?.[1];
  const [accessKeyId, secretAccessKey] = [valueOf('aws_access_key_id'), valueOf('aws_secret_access_key')];
  const sessionToken = valueOf('aws_session_token');
  if ((text.match(/^aws_access_key_id\s*=/gm) ?? []).length > 1) {
    const message = `The credential of the registry ${name}, ${path}, has several profiles: leave one.`;
    throw new DeviceRegistryError('credentials', message);
  }
  const strange = [accessKeyId, secretAccessKey, sessionToken].find((value) =>
    /[^\x21-\x7e]|["']/.test(value ?? ''),
  );
  if (strange !== undefined) throw new DeviceRegistryError('credentials', strangeCharacters(path, name));
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const message = `The credential of the registry ${name}, ${path}, lacks aws_access_key_id or aws_secret_access_key: write both, as in AWS's credentials file.`;
  throw new DeviceRegistryError('credentials', message);
}

function strangeCharacters(path: string, name: string): string {
  return `The credential of the registry ${name}, ${path}, has characters that no credential of AWS has: copy it again, without quotation marks.`;
}
