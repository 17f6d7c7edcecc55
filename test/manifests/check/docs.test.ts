import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ISSUES } from '../../../manifests/issue-codes.ts';

it('docs/manifest.md has every issue code, with what it means and what is expected', () => {
  const rows = readFileSync('docs/manifest.md', 'utf8').matchAll(
    /^\| `(MANIFEST_\w+)` *\| (.*?) *\| (.*?) *\|$/gm,
  );
  const documented = [...rows].map(([, code, means, expected]) => [code, { means, expected }]);
  const known = Object.entries(ISSUES).map(([code, { means, expected }]) => [
    code,
    { means, expected: expected.replaceAll('<', String.raw`\<`) },
  ]);
  expect(documented).toEqual(known);
});
