import { dirname, join, posix, relative, sep } from 'node:path';
import { ROOMS } from './rooms.ts';

const HOUSE = join(import.meta.dirname, '..', '..');
const TABLE = '.ci/lint/rooms.ts';

/** The room of a file: the longest name in the table that it is under, else its own folder. Paths have slashes. */
export function roomOf(file: string): string {
  for (let room = dirname(file); room !== '.'; room = dirname(room)) if (room in ROOMS) return room;
  return dirname(file);
}

/**
 * Why `file`, a path in the house, may not import `specifier`; undefined where it may. Files directly in the house
 * (configuration) and tests are no rooms: they may import anything.
 */
export function closedDoor(file: string, specifier: string): string | undefined {
  if (!file.includes('/') || file.startsWith('test/')) return undefined;
  const room = roomOf(file);
  const { rooms = [], packages = [] } = ROOMS[room] ?? {};
  if (!specifier.startsWith('.')) {
    if (packages.some((name) => isPackage(name, specifier))) return undefined;
    return `${room}/ may not import the package ${specifier}: ${TABLE} lists what it may`;
  }
  const target = roomOf(posix.join(dirname(file), specifier));
  if (target === room || rooms.some((door) => leadsTo(door, target))) return undefined;
  return `${room}/ may not import from ${target}/: ${TABLE} lists what it may`;
}

function isPackage(name: string, specifier: string): boolean {
  return name === 'node:*' ? specifier.startsWith('node:') : name === specifier;
}

/** True when this door of the table opens to the room. */
export function leadsTo(door: string, room: string): boolean {
  if (!door.endsWith('/*')) return door === room;
  const base = door.slice(0, -2);
  return room === base || room.startsWith(`${base}/`);
}

/** What the rule reads of a syntax node; the linter passes an ESTree. */
interface Node {
  readonly source?: Node | null;
  readonly value?: unknown;
}

interface Context {
  readonly filename: string;
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const roomDoors = {
  create(context: Context): Record<string, (node: Node) => void> {
    const file = relative(HOUSE, context.filename).split(sep).join('/');
    const check = (source: Node | null | undefined): void => {
      if (!source || typeof source.value !== 'string') return;
      const message = closedDoor(file, source.value);
      if (message !== undefined) context.report({ node: source, message });
    };
    const statement = (node: Node): void => check(node.source);
    return {
      ImportDeclaration: statement,
      ExportNamedDeclaration: statement,
      ExportAllDeclaration: statement,
      ImportExpression: ({ source }) => check(source),
      TSImportType: ({ source }) => check(source),
    };
  },
};

export default { meta: { name: 'house' }, rules: { 'room-doors': roomDoors } };
