import { listDirectory } from '../../smp/files/list-directory.ts';
import type { DirectoryEntry } from '../../smp/files/list-directory.ts';
import { MAX_PATH_BYTES } from '../../smp/files/file-path.ts';
import type { Invocation } from '../invocation.ts';
import { printJson } from '../terminal/stdout.ts';
import { printTable } from '../terminal/table.ts';
import { boardFileStanding } from './board-file-standing.ts';
import type { BoardOptions, BoardSession } from './board-session.ts';
import { withBoard } from './board-session.ts';
import { noSuchBoardFile } from './get-file.ts';
import { plain } from './plain.ts';

/** A name in a directory; null for the size of a directory, and of a file whose size cannot be asked for or is not known. */
interface ListedFile extends DirectoryEntry {
  readonly bytes: number | null;
}

interface Listing {
  readonly path: string;
  readonly entries: readonly ListedFile[];
  readonly isWhole: boolean;
}

/**
 * `certline board ls`: a directory, else where the product's file systems are mounted. Throws `unknown` without one.
 */
export async function listFiles(
  invocation: Invocation,
  port: string,
  path: string | undefined,
  options: BoardOptions,
): Promise<void> {
  const listings = await withBoard(invocation, port, options, async (session) => {
    const paths = path === undefined ? session.credentials.mounts : [path];
    const found: Listing[] = [];
    for (const each of paths) found.push(await listOne(session, each));
    return found;
  });
  if (options.json === true) {
    printJson({ port, directories: listings });
    return;
  }
  await printTable(
    [{ head: 'bytes', align: 'right' }, { head: 'path' }],
    listings.flatMap(({ path: directory, entries }) => entries.map((entry) => cells(directory, entry))),
  );
  for (const { path: directory } of listings.filter(({ isWhole }) => !isWhole)) {
    process.stderr.write(
      `certline: ${directory} may hold more: the board cuts the list at CONFIG_SHELL_BACKEND_DUMMY_BUF_SIZE\n`,
    );
  }
}

async function listOne({ client, port, signal }: BoardSession, path: string): Promise<Listing> {
  const listing = await listDirectory(client, path, { signal });
  if (listing === undefined) throw noSuchBoardFile(port, path);
  const entries: ListedFile[] = [];
  for (const entry of listing.entries) {
    const file = joined(path, entry.name);
    // A name that the board lists may be longer than what the board accepts in a question about it.
    const isAskable = !entry.isDirectory && Buffer.byteLength(file) <= MAX_PATH_BYTES;
    const standing = isAskable ? await boardFileStanding(client, file, signal) : undefined;
    entries.push({ ...entry, bytes: typeof standing === 'number' ? standing : null });
  }
  return { path, entries, isWhole: listing.isWhole };
}

function cells(directory: string, { name, isDirectory, bytes }: ListedFile): [string, string] {
  return [bytes === null ? '' : String(bytes), plain(`${joined(directory, name)}${isDirectory ? '/' : ''}`)];
}

function joined(directory: string, name: string): string {
  return `${directory.replace(/\/$/, '')}/${name}`;
}
