import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** The text of a page of docs/. */
export function pageOf(page: string): string {
  return readFileSync(join(ROOT, 'docs', page), 'utf8');
}

/** The pages of docs/signer/ in the order of their index, which names every one. */
export function signerPages(): string[] {
  const folder = join(ROOT, 'docs', 'signer');
  const linked = [...pageOf('signer/README.md').matchAll(/^\| \[.*?\]\(([\w-]+\.md)\)/gm)];
  const pages = linked.map(([, name]) => name!);
  const others = readdirSync(folder).filter((name) => name !== 'README.md');
  expect(pages.toSorted()).toEqual(others.toSorted());
  return pages.map((name) => `signer/${name}`);
}

/** The titles of the sections of a page that have a code block in this language. */
export function sectionsWith(page: string, language: string): string[] {
  return pageOf(page)
    .split('\n## ')
    .filter((section) => section.includes(`\n\`\`\`${language}\n`))
    .map((section) => section.split('\n')[0]!);
}

/** The code blocks of a section of a page, one after the other. */
export function blocksOf(page: string, section: string, language: string): string {
  const text = pageOf(page).split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return codeBlocks(text, language).join('');
}

/** The code blocks of a text in this language. */
export function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block!);
}

/** Runs the commands of a section of a page exactly as printed, in this folder; returns their output. */
export function followCommands(
  page: string,
  section: string,
  place: { cwd: string; env: NodeJS.ProcessEnv },
): string {
  const [node, cli] = [join(ROOT, 'node_modules', '.bin', 'node'), join(ROOT, 'cli', 'certline.ts')];
  const script = `set -euo pipefail\ncertline() { "${node}" "${cli}" "$@"; }\n${blocksOf(page, section, 'bash')}`;
  const ran = spawnSync('bash', ['-c', script], { ...place, encoding: 'utf8' });
  expect({ section, status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
    section,
    status: 0,
    stderr: '',
  });
  return ran.stdout;
}
