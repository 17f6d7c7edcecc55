import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Whether nobody but its owner can read a file. Of a service's credentials systemd says so itself: it lets the service's
 * user in by an ACL, whose mask the mode shows as rights of a group, in a folder that nobody else can enter
 * (systemd.exec(5), LoadCredential=). Throws what the system says of a file that is not there.
 */
export function isPrivateFile(path: string): boolean {
  const openTo = statSync(path).mode & 0o077;
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  const isCredential = credentials !== undefined && dirname(resolve(path)) === resolve(credentials);
  return openTo === 0 || (isCredential && openTo === 0o040);
}
