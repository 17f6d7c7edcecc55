import { describe, expect, it } from 'vitest';
import { validateManifest } from '../../../manifests/check/validate-manifest.ts';
import { hasUnseen } from '../../../manifests/csv/visible-text.ts';
import type { Rejected } from '../../../manifests/check/verdict.ts';
import { temporaryFile } from '../../support/temporary-folder.ts';
import { MANIFEST_PAGE, pageWithTable } from '../docs-table.ts';
import { CASES } from './cases.ts';
import type { Case } from './cases.ts';
import { PRODUCTS } from './products.ts';

interface Answer {
  readonly rejected: Rejected;
  readonly accepted: number | undefined;
  readonly understood: readonly string[];
}

async function answerTo({ content }: Case): Promise<Answer> {
  const found = await validateManifest(temporaryFile(content), PRODUCTS, undefined);
  const { understood } = found;
  return { rejected: found.verdict(), accepted: found.count === 0 ? found.rows : undefined, understood };
}

function places({ issues }: Rejected): string[] {
  return issues.map(({ line, column, code }) => `${line}:${column}:${code.slice('MANIFEST_'.length)}`);
}

describe('a manifest', () => {
  it.each(CASES.map((each) => [each.situation, each] as const))('%s', async (_situation, given) => {
    const { rejected, accepted, understood } = await answerTo(given);
    expect(places(rejected)).toEqual(given.refused ?? []);
    expect(accepted).toBe(given.accepted);
    const [first] = rejected.issues;
    // A fault of the whole file is in no CSV row.
    const hasRow = rejected.issues.some(({ line }) => line > 1);
    if (!hasRow) expect(rejected.refusedRows).toBe(0);
    for (const text of [
      ...understood,
      ...rejected.issues.flatMap((issue) => Object.values(issue).map(String)),
    ])
      expect(hasUnseen(text)).toBe(false);
    for (const words of given.says ?? []) expect(first?.expected).toContain(words);
    for (const words of given.saysNot ?? []) expect(first?.expected).not.toContain(words);
    if (given.refused === undefined) {
      expect(understood).toHaveLength((given.understood ?? []).length === 0 ? 0 : understood.length);
      for (const words of given.understood ?? []) expect(understood.join(' ')).toContain(words);
    }
  });
});

it('docs/manifest.md has the answer to every one of them', async () => {
  const rows = await Promise.all(CASES.map(tableRow));
  const page = await pageWithTable('answers', [['The file', 'The answer'], ...rows]);
  await expect(page).toMatchFileSnapshot(MANIFEST_PAGE);
});

async function tableRow(given: Case): Promise<string[]> {
  const { rejected, accepted, understood } = await answerTo(given);
  const [first] = rejected.issues;
  if (first === undefined) {
    const units = `accepted: ${accepted} ${accepted === 1 ? 'unit' : 'units'}`;
    return [given.situation, [units, ...understood].join('. ').replaceAll('..', '.')];
  }
  const where = [first.line > 0 && `line ${first.line}`, first.column].filter(
    (part) => part !== false && part !== '',
  );
  const more = rejected.issues.length > 1 ? ` and ${rejected.issues.length - 1} more` : '';
  return [given.situation, `refused: ${[`\`${first.code}\``, ...where].join(', ')}${more}`];
}
