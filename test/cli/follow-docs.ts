import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** The text of a page of docs/. */
export function pageOf(page: string): string {
  return readFileSync(join(ROOT, 'docs', page), 'utf8');
}

/** The code blocks of a section of a page, one after the other. */
export function blocksOf(page: string, section: string, language: string): string {
  const text = pageOf(page).split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block)
    .join('');
}

/** Runs the commands of a section of docs/signer.md as they stand, in this folder; returns what they said. */
export function followSigner(section: string, place: { cwd: string; env: NodeJS.ProcessEnv }): string {
  const [node, cli] = [join(ROOT, 'node_modules', '.bin', 'node'), join(ROOT, 'cli', 'certline.ts')];
  const script = `set -euo pipefail\ncertline() { "${node}" "${cli}" "$@"; }\n${blocksOf('signer.md', section, 'bash')}`;
  const ran = spawnSync('bash', ['-c', script], { ...place, encoding: 'utf8' });
  expect({ section, status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
    section,
    status: 0,
    stderr: '',
  });
  return ran.stdout;
}
