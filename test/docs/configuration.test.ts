import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');
const SOURCE = readFileSync(join(ROOT, 'line', 'config.ts'), 'utf8');

/** The members of the zod object that begins after `start`, those inside other members left out. */
function membersAfter(start: string): string[] {
  const body = SOURCE.split(start)[1]!;
  const indent = /\n( +)\S/.exec(body)![1]!;
  const members = body.split(new RegExp(String.raw`\n(?! {${indent.length}})`))[0]!;
  return [...members.matchAll(new RegExp(String.raw`^ {${indent.length}}(\w+)(?::|,$)`, 'gm'))].map(
    ([, member]) => member!,
  );
}

/** The keys in the first column of the table in a section of the page. */
function documented(section: string): string[] {
  const text = PAGE.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`(\w+)`/g)].map(([, key]) => key!),
  );
}

it.each([
  ['The factory line', '/** Drop folder for manifests. */'],
  ['A product', 'const product = z.strictObject({'],
  ['A station', 'const socket = z.strictObject({'],
])('docs/configuration.md has each key of "%s" and no other', (section, start) => {
  const known = membersAfter(start);
  expect(known.length).toBeGreaterThan(4);
  expect(documented(section).toSorted()).toEqual(known.toSorted());
});
