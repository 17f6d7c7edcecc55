import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs the check in a folder that has the dictionary and these files. */
function check(
  files: Readonly<Record<string, string>>,
  ...options: string[]
): { status: number; stdout: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'docs'));
  cpSync(join(ROOT, 'docs', 'dictionary.md'), join(folder, 'docs', 'dictionary.md'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const script = join(ROOT, '.ci', 'plain-english.mjs');
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  const { status, stdout, stderr } = spawnSync(node, [script, ...options], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  return { status: status!, stdout };
}

/** The files that a report names. */
function filesIn(report: string): Set<string> {
  return new Set([...report.matchAll(/^(.+):\d+ {2}"/gm)].map(([, file]) => file!));
}

describe('the plain English check of pages', () => {
  it('passes plain pages, and the dictionary itself', () => {
    const page = '# Fix it\n\nThe order has expired. The signer needs a larger one.\n';
    expect(check({ 'README.md': page })).toEqual({
      status: 0,
      stdout: 'plain English: 2 files, 0 words to replace\n',
    });
  });

  it('names file, text line, word and a better word', () => {
    const { status, stdout } = check({ 'docs/signer/page.md': '# Page\n\nFirst.\nMend the order.\n' });
    expect(status).toBe(1);
    expect(stdout).toContain('docs/signer/page.md:4  "mend" → fix, correct\n');
  });

  it('refuses words wherever people read them, and only there', () => {
    const refused = {
      'a phrase over two text lines': 'Its quantity is used\nup.',
      'a word at the end of a sentence': 'Start it anew.',
      'a word in a table': '| what | it wants |',
      'the text of a link': '[whoever](page.md)',
      'a typographic quote': 'the \u{201c}new\u{201d} key',
    };
    const passed = {
      code: 'Type `certline mend`.',
      'a code block': '```sh\ncertline mend\n```',
      'the target of a link': '[it](mend.md)',
      'a part of a word': 'Recommended amendments are unwanted.',
      'other meanings': 'It counts units over SMP, text line by text line, and lists orders.',
      'the texts of a file of code': '<!-- texts of texts.ts -->\n\n| a |\n| - |\n| mend |\n\nFine.',
    };
    const pages = Object.entries({ ...refused, ...passed }).map(([name, text]) => [
      `${name}.md`,
      `${text}\n`,
    ]);
    const { stdout } = check({ ...Object.fromEntries(pages), 'texts.ts': '' });
    expect(filesIn(stdout)).toEqual(new Set(Object.keys(refused).map((name) => `${name}.md`)));
  });

  it('reads on behind a table that has its texts from code', () => {
    const text = '<!-- texts of texts.ts -->\n\n| a |\n| - |\n| mend |\n\nMend it.\n';
    expect(check({ 'page.md': text, 'texts.ts': '' }).stdout).toContain('page.md:7  "mend"');
  });
});

describe('the plain English check of code', () => {
  it('counts by room, and leaves tests out', () => {
    const files = {
      'pki/a.ts': '// Heed it.\nconst x = "mend";\n',
      'cli/b/c.ts': 'const b = `x ${y} anew`;\n',
      'test/d.test.ts': '// mend\n',
    };
    const { status, stdout } = check(files, '--code');
    expect(status).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'cli/b/c.ts:1  "anew" → again, new',
      'pki/a.ts:1  "heed" → accept, accept requests from',
      'pki/a.ts:2  "mend" → fix, correct',
      'cli/: 1',
      'pki/: 2',
      'plain English: 2 files, 3 words to replace',
      '',
    ]);
  });

  it('refuses words in comments and texts, and only there', () => {
    const refused = {
      'a comment': '/** Look at it,\n * whoever you are. */',
      'a phrase over two text lines of a comment': '/**\n * It is used\n * up.\n */',
      'a phrase over two comments': '  // It is used\n  // up.',
      'a string behind a regular expression': `const x = /['"]/.test(y) ? 'mend' : '';`,
      'a template behind an insert with braces': 'const x = `${f({ a: `b` })} mend`;',
      'a string in an insert': "const x = `${f('mend')}`;",
      'a string behind a division': "const x = a / b + c / d + 'mend';",
    };
    const passed = {
      'a name': 'const told = wanted.anew;',
      'a name in an insert': 'const x = `${told}`;',
      'a regular expression': 'const x = /mend/;',
      'code in a comment': '// As `wanted` says.',
      'words of two strings': "const x = ['used', 'up'];",
    };
    const sources = Object.entries({ ...refused, ...passed }).map(([name, text]) => [`pki/${name}.ts`, text]);
    const { stdout } = check(Object.fromEntries(sources), '--code');
    expect(filesIn(stdout)).toEqual(new Set(Object.keys(refused).map((name) => `pki/${name}.ts`)));
  });

  it('reads each kind of file that people edit', () => {
    const files = {
      'docker-compose.yml': '# mend',
      'deploy/prometheus/certline.rules.yml': '# mend',
      'deploy/temporal/dynamic-config.yaml': '# mend',
      'deploy/make-secrets.sh': '# mend',
      'deploy/package/debian/postinst': '# mend',
      'deploy/systemd/certline@.service': '# mend',
      'deploy/systemd/certline@station.service.d/serial-ports.conf': '# mend',
      'deploy/Dockerfile': '# mend',
      'deploy/Dockerfile.dockerignore': '# mend',
      'deploy/tls/.gitignore': '# mend',
      '.prettierignore': '# mend',
      '.ci/run': '# mend',
      '.ci/check.mjs': '// mend',
      '.ci/lint/rooms.ts': '// mend',
      'vitest.slow.config.ts': '// mend',
      'deploy/grafana/line.json': '{ "title": "Units to mend" }',
    };
    expect(filesIn(check(files, '--code').stdout)).toEqual(new Set(Object.keys(files)));
  });

  it('refuses words in comments behind # and in quoted texts, and only there', () => {
    const refused = {
      'a comment behind a setting': 'restart: always # whoever starts it',
      'a phrase over two comments': '  # It is used\n  # up.',
      'a text that a script prints': 'echo "Mend $(date)" >&2',
      'an annotation': 'summary: \'The line wants "it".\'',
      'a comment behind a text': "url: 'a' # mend",
    };
    const passed = {
      'a setting': 'Wants=network-online.target',
      'a name': 'mend "$#" ${#mend} it',
      'code in a comment': '# As `mend` says.',
    };
    const sources = Object.entries({ ...refused, ...passed }).map(([name, text]) => [
      `deploy/${name}.sh`,
      `${text}\n`,
    ]);
    const { stdout } = check(Object.fromEntries(sources), '--code');
    expect(filesIn(stdout)).toEqual(new Set(Object.keys(refused).map((name) => `deploy/${name}.sh`)));
  });

  it('leaves out what packages and runs have written', () => {
    const files = {
      'node_modules/a/run.sh': '# mend',
      '.certline/a.yml': '# mend',
      'test/install.sh': '# mend',
    };
    expect(check({ ...files, 'deploy/run.sh': '# Run.' }, '--code').stdout).toBe(
      'plain English: 1 files, 0 words to replace\n',
    );
  });
});

it.each([
  ['a dictionary that has no words', '# Dictionary\n', 'no table under "Do not write"'],
  [
    'texts of a file that is not there',
    '## Title\n\n## Do not write\n\n| `mend` | fix |\n\n<!-- texts of gone.ts -->\n',
    'docs/dictionary.md: there is no gone.ts',
  ],
])('refuses to check with %s', (_, dictionary, message) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs', 'dictionary.md'), dictionary);
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  const ran = spawnSync(node, [join(ROOT, '.ci', 'plain-english.mjs')], { cwd: folder, encoding: 'utf8' });
  expect(ran.status).toBe(1);
  expect(ran.stderr).toContain(message);
});
