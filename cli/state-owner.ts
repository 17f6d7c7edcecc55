import { readFileSync, statSync } from 'node:fs';
import { CommandError } from './exit-status.ts';

/**
 * Throws `refused` for root where the state folder is that of another user: what root writes there, a database that is only read
 * included, the role could not open any more.
 */
export function mustBeOwner(
  stateFolder: string,
  uid: number | undefined = process.geteuid?.(),
  passwords = '/etc/passwd',
): void {
  if (uid !== 0) return;
  const owner = statSync(stateFolder, { throwIfNoEntry: false })?.uid;
  if (owner === undefined || owner === 0) return;
  const name = userName(owner, passwords);
  const form = name === undefined ? `sudo -u '#${owner}' certline …` : `runuser -u ${name} -- certline …`;
  const message = `The state folder ${stateFolder} belongs to ${name ?? `the user ${owner}`}, and what root writes there could not be read by the role: type the command as that user: ${form}`;
  throw new CommandError('refused', message);
}

function userName(uid: number, passwords: string): string | undefined {
  try {
    const lines = readFileSync(passwords, 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find(([, , id]) => id === String(uid))?.[0];
  } catch {
    return undefined;
  }
}
