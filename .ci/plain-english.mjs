// Refuses the words that docs/dictionary.md lists: in Markdown pages, or with --code in the comments and texts of code and of
// the files that a factory line is set up with, counted by room. Exit status 1 if there are any.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { readDictionary } from './english/dictionary.mjs';
import { proseOfMarkdown, proseOfShell, proseOfTypeScript, textSources } from './english/prose.mjs';

/** Where prose is, and how it is read there. */
const PAGES = { '**/*.md': proseOfMarkdown };
const CODE = {
  '{.,.ci}/**/*.{ts,mjs}': proseOfTypeScript,
  'deploy/grafana/*.json': proseOfTypeScript,
  '**/*.{sh,yml,yaml,service,conf}': proseOfShell,
  '**/{Dockerfile*,.*ignore}': proseOfShell,
  'deploy/package/debian/*': proseOfShell,
  '.ci/run': proseOfShell,
};

const dictionary = readDictionary(readFileSync('docs/dictionary.md', 'utf8'));
const code = process.argv.includes('--code');
const files = Object.entries(code ? CODE : PAGES).flatMap(([names, proseOf]) =>
  globSync(names, { exclude: ['node_modules', 'test', '.certline', 'dist'] }).map((file) => ({
    file,
    proseOf,
  })),
);
const findings = files
  .toSorted((one, other) => (one.file < other.file ? -1 : 1))
  .flatMap(({ file, proseOf }) => findingsIn(file, proseOf));

for (const { file, line, phrase, better } of findings)
  process.stdout.write(`${file}:${line}  "${phrase}" → ${better}\n`);
if (code) {
  const rooms = Map.groupBy(findings, ({ file }) => file.split('/')[0]);
  for (const [room, { length }] of rooms) process.stdout.write(`${room}/: ${length}\n`);
}
process.stdout.write(`plain English: ${files.length} files, ${findings.length} words to replace\n`);
if (files.length === 0 || findings.length > 0) process.exitCode = 1;

function findingsIn(file, proseOf) {
  const text = readFileSync(file, 'utf8');
  for (const source of code ? [] : textSources(text))
    if (!existsSync(source))
      throw new Error(`${file}: there is no ${source}: name the file that has the texts`);
  const prose = proseOf(text);
  return dictionary
    .flatMap(({ phrase, better, pattern }) =>
      [...prose.matchAll(pattern)].map(({ index }) => ({ file, line: lineOf(prose, index), phrase, better })),
    )
    .toSorted((one, other) => one.line - other.line);
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}
