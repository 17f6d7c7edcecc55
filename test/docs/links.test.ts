import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = globSync('**/*.md', { cwd: ROOT, exclude: ['node_modules', '.certline'] });

function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** The anchors that a page has, as GitHub makes them of its titles. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

it.each(PAGES)('every link of %s leads somewhere', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  const broken = links
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
  expect(broken).toEqual([]);
});

it.each(PAGES)('every source file that %s names is there', (page) => {
  const named = [...textOf(page).matchAll(/`((?:[\w.-]+\/)+[\w.@-]+\.(?:ts|mjs|sh|service))`/g)].map(
    ([, path]) => path!,
  );
  const missing = named.filter(
    (path) => ![ROOT, join(ROOT, dirname(page))].some((at) => existsSync(join(at, path))),
  );
  expect(missing).toEqual([]);
});

it('the index of decisions has each of them, with its title, date and status', () => {
  const pages = readdirSync(join(ROOT, 'docs', 'decisions')).filter((name) => /^\d{4}-/.test(name));
  const decided = pages.map((name) => {
    const [, number, title, status, date] =
      /^# (\d+)\. (.+)\n\nStatus: (.+), (\d{4}-\d\d-\d\d)\n/.exec(textOf(`docs/decisions/${name}`)) ?? [];
    return [number, `[${title}](${name})`, date, status];
  });
  const indexed = [...textOf('docs/decisions/README.md').matchAll(/^\| (\d.*) \|$/gm)].map(([, row]) =>
    row!.split('|').map((cell) => cell.trim()),
  );
  expect(indexed).toEqual(decided);
});
