import { join } from 'node:path';

/** The folders that a factory line reads: the inbox itself, and the folder of each manufacturer in it. */
export function inboxFolders(inbox: string, manufacturers: readonly string[]): string[] {
  return [inbox, ...manufacturers.map((name) => join(inbox, name))];
}
