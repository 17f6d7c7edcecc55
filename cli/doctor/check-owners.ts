import { existsSync, lstatSync, readdirSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { fail } from './finding.ts';
import type { Finding } from './finding.ts';

/** Files that one sentence names. */
const NAMED = 3;

/**
 * What in the state folder belongs to another user than the folder: a command that somebody typed as root has left files there that
 * the role cannot open.
 */
export function checkOwners(stateFolder: string): Finding[] {
  if (!existsSync(stateFolder)) return [];
  const { uid } = lstatSync(stateFolder);
  const others = pathsIn(stateFolder).filter(
    (path) => lstatSync(path, { throwIfNoEntry: false })?.uid !== uid,
  );
  if (others.length === 0) return [];
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
  const names = others.slice(0, NAMED).join(', ') + more;
  const says = `${names} in the state folder belong to another user than the folder: type chown -R ${uid}: ${stateFolder}, and commands as that user`;
  return [fail('owner', 'disk', says)];
}

/** The folder of boards of a virtual line, and the databases of a server, may be large: three levels have all that a role opens. */
function pathsIn(folder: string, levels = 3): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() && levels > 1 ? [path, ...pathsIn(path, levels - 1)] : [path];
  });
}

/** A folder that cannot be read is named itself. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
