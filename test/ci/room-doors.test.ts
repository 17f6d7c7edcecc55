import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closedDoor, leadsTo, roomOf } from '../../.ci/lint/room-doors.ts';
import { ROOMS } from '../../.ci/lint/rooms.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUSE = join(import.meta.dirname, '..', '..');
const NAMES = Object.keys(ROOMS);
/** Every source file, tests and what lies at the top left out. */
const FILES = execFileSync('git', ['ls-files', '*.ts', '*.mjs'], { cwd: HOUSE, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.includes('/') && !file.startsWith('test/'));
const FOLDERS = new Set(FILES.map((file) => dirname(file)));

/** A file in `room` with a wrong import: another room that it has no door to, or a package nobody may import. */
function wrongImports(room: string): string[] {
  const { rooms = [] } = ROOMS[room]!;
  const closed = NAMES.filter((other) => other !== room && !rooms.some((door) => leadsTo(door, other)));
  const up = '../'.repeat(room.split('/').length);
  return [...closed.map((other) => `${up}${other}/planted.ts`), 'left-pad'];
}

/** What the files of each room import: packages by name, files as `./` and their path from the top of the house. */
function importsByRoom(): Map<string, Set<string>> {
  const imports = new Map<string, Set<string>>();
  for (const file of FILES) {
    const text = readFileSync(join(HOUSE, file), 'utf8');
    const found = imports.get(roomOf(file)) ?? new Set();
    for (const [, specifier = ''] of text.matchAll(/(?:\bfrom |\bimport\(|^import )'([^']+)'/gm))
      found.add(specifier.startsWith('.') ? `./${posix.join(dirname(file), specifier)}` : specifier);
    imports.set(roomOf(file), found);
  }
  return imports;
}

describe('the doors between rooms', () => {
  it('list every folder of the house, and none that is not there', () => {
    const unlisted = [...FOLDERS].filter((folder) => !(roomOf(`${folder}/file.ts`) in ROOMS));
    expect(unlisted).toEqual([]);
    const empty = NAMES.filter((name) => ![...FOLDERS].some((folder) => `${folder}/`.startsWith(`${name}/`)));
    expect(empty).toEqual([]);
  });

  it('lead to rooms that are there', () => {
    const doors = Object.values(ROOMS).flatMap(({ rooms = [] }) => rooms);
    const unknown = doors.filter(
      (door) => !door.startsWith('test') && !NAMES.some((name) => leadsTo(door, name)),
    );
    expect(unknown).toEqual([]);
  });

  it('are all used: a door that no import goes through is closed', () => {
    const used = importsByRoom();
    const unused = Object.entries(ROOMS).flatMap(([room, { rooms = [], packages = [] }]) => {
      const specifiers = [...(used.get(room) ?? [])];
      const targets = specifiers.filter((each) => each.startsWith('./')).map((each) => roomOf(each.slice(2)));
      const through = (door: string): boolean =>
        targets.some((target) => target !== room && leadsTo(door, target)) ||
        (door.startsWith('test') && specifiers.some((each) => each.startsWith('./test/')));
      const goes = (name: string): boolean =>
        specifiers.some((each) => (name === 'node:*' ? each.startsWith('node:') : each === name));
      return [...rooms.filter((door) => !through(door)), ...packages.filter((name) => !goes(name))].map(
        (door) => `${room} → ${door}`,
      );
    });
    expect(unused).toEqual([]);
  });

  it('never lead back: no room can reach itself through others', () => {
    const reachable = (from: string, seen: Set<string>): Set<string> => {
      for (const door of ROOMS[from]?.rooms ?? []) {
        for (const next of NAMES.filter((name) => name !== from && leadsTo(door, name) && !seen.has(name))) {
          seen.add(next);
          reachable(next, seen);
        }
      }
      return seen;
    };
    // The rooms of one program, drawn for the reader's sake only: `cli` and its folders, `smp` and the files beside it.
    const circles = NAMES.filter((name) => name.startsWith('pki') && reachable(name, new Set()).has(name));
    expect(circles).toEqual([]);
  });

  it('are shut to a room that is not in the table', () => {
    expect(closedDoor('attic/box.ts', '../provisioning/unit.ts')).toContain(
      'attic/ may not import from provisioning/',
    );
    expect(closedDoor('attic/box.ts', 'node:fs')).toContain('may not import the package node:fs');
    expect(closedDoor('attic/box.ts', './lid.ts')).toBeUndefined();
  });

  it('make the linter refuse every wrong import in every room, however it is written', () => {
    const folder = temporaryFolder();
    cpSync(join(HOUSE, '.ci', 'lint'), join(folder, '.ci', 'lint'), { recursive: true });
    const config = JSON.parse(readFileSync(join(HOUSE, '.oxlintrc.json'), 'utf8')) as Record<string, unknown>;
    const only = { jsPlugins: config['jsPlugins'], categories: {}, rules: { 'house/room-doors': 'error' } };
    writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify(only));
    const planted = NAMES.flatMap((room) => wrongImports(room).map((specifier) => ({ room, specifier })));
    const written = new Map<string, string[]>();
    for (const { room, specifier } of planted) {
      const lines = written.get(room) ?? [];
      const n = lines.length;
      lines.push(
        `import { a as a${n} } from '${specifier}';`,
        `import type { b as b${n} } from '${specifier}';`,
        `export { c as c${n} } from '${specifier}';`,
        `export * as d${n} from '${specifier}';`,
        `await import('${specifier}');`,
        `type E${n} = import('${specifier}').E;`,
      );
      written.set(room, lines);
    }
    for (const [room, lines] of written) {
      mkdirSync(join(folder, room), { recursive: true });
      writeFileSync(join(folder, room, 'planted.ts'), `${lines.join('\n')}\n`);
    }
    const refused = linesRefused(folder);
    const missed = [...written].flatMap(([room, lines]) =>
      lines
        .filter((_line, index) => !refused.has(`${room}/planted.ts:${index + 1}`))
        .map((line) => `${room}: ${line}`),
    );
    expect(missed).toEqual([]);
  });
});

function linesRefused(folder: string): Set<string> {
  const args = [join(HOUSE, 'node_modules', 'oxlint', 'bin', 'oxlint'), '--format', 'unix', '.', '.ci'];
  let output = '';
  try {
    output = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  return new Set(
    [...output.matchAll(/^(\S+?):(\d+):\d+: .*room-doors/gm)].map(([, file, line]) => `${file}:${line}`),
  );
}
