import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newPlace } from '../../support/certline.ts';

const hasZsh = spawnSync('zsh', ['--version']).status === 0;

/** What bash itself offers for the last word. */
async function offeredByBash(...lines: readonly (readonly string[])[]): Promise<string[][]> {
  const place = newPlace();
  const { status, stdout } = await place.certline('completion', 'bash');
  expect(status).toBe(0);
  const script = join(place.folder, 'certline.bash');
  writeFileSync(script, stdout);
  return lines.map((words) => {
    const ask = `set -eu; source '${script}'; COMP_WORDS=(certline "$@"); COMP_CWORD=$#; _certline; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync('bash', ['-c', ask, 'bash', ...words], { encoding: 'utf8' });
    expect(ran.stderr).toBe('');
    return ran.stdout.split('\n').filter(Boolean);
  });
}

it('bash offers commands, options and choices', async () => {
  const [first, second, option, choice, nothing] = await offeredByBash(
    ['ba'],
    ['batch', 'sh'],
    ['--state', '/s', 'batch', 'show', 'PO-1', '--j'],
    ['worker', 's'],
    ['batch', 'show', 'zz'],
  );
  expect(first).toEqual(['batch']);
  expect(second).toEqual(['show']);
  expect(option).toEqual(['--json']);
  expect(choice).toEqual(['signer', 'station']);
  expect(nothing).toEqual([]);
});

it.skipIf(!hasZsh)('zsh takes its script (needs zsh: apt-get install zsh)', async () => {
  const { stdout } = await newPlace().certline('completion', 'zsh');
  expect(stdout).toMatch(/^#compdef certline\n/);
  // zsh's own functions are not there outside a terminal: what would be offered is printed.
  const script = `compadd() { print -l -- $names }; words=(certline batch sh); CURRENT=3; ${stdout}`;
  const ran = spawnSync('zsh', ['-f', '-c', script], { encoding: 'utf8' });
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
  expect(ran.stdout.split('\n')).toEqual(expect.arrayContaining(['show', 'list', '--help']));
});

it('a shell that is not known is refused', async () => {
  const { status, stderr } = await newPlace().certline('completion', 'fish');
  expect(status).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh');
});
