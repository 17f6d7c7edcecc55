import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOMS } from '../../.ci/lint/rooms.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SECTION = readFileSync(join(ROOT, 'docs', 'overview.md'), 'utf8')
  .split('\n## Rooms\n')[1]!
  .split('\n## ')[0]!;

const topOf = (room: string): string => room.split('/')[0]!;

describe('the rooms of docs/overview.md', () => {
  it('are the folders that the linter knows, and the tests', () => {
    const rows = [...SECTION.matchAll(/^\| `([\w-]+)\/` /gm)].map(([, room]) => room!);
    const known = new Set(Object.keys(ROOMS).map((room) => topOf(room)));
    known.delete('.ci');
    expect(rows.toSorted()).toEqual([...known, 'test'].toSorted());
    expect(rows.filter((room) => !existsSync(join(ROOT, room)))).toEqual([]);
  });

  it('import only along the chain, except types', () => {
    const chain = /^```\n(.+)\n```$/m
      .exec(SECTION)![1]!
      .split(' → ')
      .map((step) => step.split(', '));
    const stepOf = (room: string): number => chain.findIndex((rooms) => rooms.includes(topOf(room)));
    expect(chain.flat().length).toBeGreaterThan(10);
    const against = Object.entries(ROOMS)
      .filter(([room]) => stepOf(room) >= 0)
      .flatMap(([room, { rooms = [] }]) => rooms.map((door) => ({ room, door })))
      .filter(({ room, door }) => stepOf(door) >= 0 && stepOf(door) < stepOf(room));
    expect(against).toEqual([]);
  });

  it('that are not in the chain lead nowhere from it but from the commands', () => {
    const outside = ['workflows', 'simulator', 'bench', 'deploy', 'test'];
    const doors = Object.entries(ROOMS)
      .filter(([room]) => !outside.includes(topOf(room)))
      .flatMap(([room, { rooms = [] }]) => rooms.map((door) => `${topOf(room)} → ${topOf(door)}`))
      .filter((door) => outside.includes(door.split(' → ')[1]!));
    expect(new Set(doors)).toEqual(new Set(['cli → simulator']));
  });
});
