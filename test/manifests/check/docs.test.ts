import { it } from 'vitest';
import { ISSUES } from '../../../manifests/issue-codes.ts';
import { expectTable } from '../docs-table.ts';

it('docs/manifest.md has every issue code, with what it means and what is expected', async () => {
  const codes = Object.entries(ISSUES).map(([code, { means, expected }]) => [
    `\`${code}\``,
    means,
    expected.replaceAll('<', String.raw`\<`),
  ]);
  await expectTable('codes', [['Code', 'What it means', 'What is expected'], ...codes]);
});
