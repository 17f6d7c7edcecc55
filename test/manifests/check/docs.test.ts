import { expect, it } from 'vitest';
import { ISSUES } from '../../../manifests/issue-codes.ts';
import { MANIFEST_PAGE, pageWithTable } from '../docs-table.ts';

it('docs/manifest.md has every issue code, with what it means and what is expected', async () => {
  const codes = Object.entries(ISSUES).map(([code, { means, expected }]) => [
    `\`${code}\``,
    means,
    expected.replaceAll('<', String.raw`\<`),
  ]);
  const page = await pageWithTable('codes', [['Code', 'What it means', 'What is expected'], ...codes]);
  await expect(page).toMatchFileSnapshot(MANIFEST_PAGE);
});
